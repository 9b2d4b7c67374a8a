import { AdjointError } from '@shared/errors';

/** Bytes per type, and the typed arrays that hold them. */
export const tensorArrays = { F32: Float32Array, F64: Float64Array, I32: Int32Array } as const;

/** A tensor on the host. */
export interface TensorData {
  dtype: keyof typeof tensorArrays;
  shape: number[];
  /** Row-major, as many entries as the shape says. */
  data: Float32Array | Float64Array | Int32Array;
}

/** Where a tensor lies in the data block. */
export interface TensorEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** The parts of a safetensors file, before its header is written. */
export interface TensorBlock {
  entries: Record<string, TensorEntry>;
  parts: Uint8Array[];
  bytes: number;
}

/**
 * Lays tensors out one after the other. The widest types come first, which keeps every tensor aligned to its own size, as the format asks.
 *
 * @throws AdjointError `internal` when a shape and its data disagree
 */
export function layOutTensors(tensors: ReadonlyMap<string, TensorData>, where: string): TensorBlock {
  const block: TensorBlock = { entries: {}, parts: [], bytes: 0 };
  const order = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  for (const [name, { dtype, shape, data }] of order) {
    const elements = shape.reduce((product, size) => product * size, 1);
    if (!(data instanceof tensorArrays[dtype]) || data.length !== elements)
      throw new AdjointError('internal', `Tensor "${name}" does not hold ${dtype}[${shape.join(', ')}].`, { where });
    const part = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    block.entries[name] = { dtype, shape, data_offsets: [block.bytes, block.bytes + part.length] };
    block.parts.push(part);
    block.bytes += part.length;
  }
  return block;
}

/** A safetensors file (https://huggingface.co/docs/safetensors): header length u64, JSON header, data block. */
export function encodeSafetensors({ entries, parts, bytes }: TensorBlock, metadata: Record<string, string>): Buffer {
  const json = Buffer.from(JSON.stringify({ __metadata__: metadata, ...entries }));
  const padding = (8 - (json.length % 8)) % 8;
  const file = Buffer.alloc(8 + json.length + padding + bytes, ' ');
  file.writeBigUInt64LE(BigInt(json.length + padding), 0);
  file.set(json, 8);
  let at = 8 + json.length + padding;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}
