export type SimdLevel = 'none' | 'simd128' | 'relaxed-simd';

/** The one call that is needed; the rest of WebAssembly's types belong to browsers. */
declare const WebAssembly: { validate(bytes: Uint8Array): boolean };

// (func (result v128) (i8x16.splat (i32.const 0))) and the same through i8x16.relaxed_swizzle, after wasm-feature-detect.
const plain = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];
const relaxed = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  253, 128, 2, 11,
];

/** What WebAssembly offers here: it decides which kernels run, and so which bits come out. */
export function simdLevel(): SimdLevel {
  if (WebAssembly.validate(Uint8Array.from(relaxed))) return 'relaxed-simd';
  return WebAssembly.validate(Uint8Array.from(plain)) ? 'simd128' : 'none';
}
