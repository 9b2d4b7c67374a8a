/** One message of an Arrow IPC stream: where it ends and what it is. */
export interface IpcFrame {
  kind: 'schema' | 'batch' | 'end';
  /** Bytes, from the continuation mark to the end of the body. */
  length: number;
}

const continuation = 0xffffffff;
/** MessageHeader of Arrow's Message.fbs. */
const headerKinds: Record<number, IpcFrame['kind'] | undefined> = { 1: 'schema', 3: 'batch' };
/** Places of Message's fields in its vtable: header type and body length. */
const headerTypeSlot = 6;
const bodyLengthSlot = 10;

/**
 * The message that begins at `at`, or null unless all of it is there. Reads the framing alone
 * (https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format): mark u32, metadata length i32,
 * metadata (a flatbuffer), body.
 */
export function frameAt(bytes: Uint8Array, at: number): IpcFrame | null {
  if (at + 8 > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(at, true) !== continuation) return null;
  const metadataLength = view.getInt32(at + 4, true);
  if (metadataLength === 0) return { kind: 'end', length: 8 };
  const start = at + 8;
  if (metadataLength < 0 || start + metadataLength > bytes.length) return null;
  try {
    const table = start + view.getUint32(start, true);
    const vtable = table - view.getInt32(table, true);
    const slots = view.getUint16(vtable, true);
    const field = (slot: number) => (slot < slots ? view.getUint16(vtable + slot, true) : 0);
    const kind = headerKinds[field(headerTypeSlot) === 0 ? 0 : view.getUint8(table + field(headerTypeSlot))];
    const body = field(bodyLengthSlot) === 0 ? 0 : Number(view.getBigInt64(table + field(bodyLengthSlot), true));
    if (!kind || body < 0 || start + metadataLength + body > bytes.length) return null;
    return { kind, length: 8 + metadataLength + body };
  } catch {
    return null; // An offset that points outside: damaged metadata.
  }
}
