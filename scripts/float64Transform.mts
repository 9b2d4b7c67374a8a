import type { Plugin } from 'vite';

// TensorFlow.js rounds to float32 in the few places where it makes or recognises arrays of numbers. This transform puts Float64Array there, in
// its core and in its plain kernels, and gives the copy an engine and a registry of its own, so that the untouched one can live beside it.

type Replacement = readonly [RegExp, string];
const arrays: Replacement = [/\bFloat32Array\b/g, 'Float64Array'];
/** Where arrays of floats are recognised, those of float32 stay welcome; they are then converted. */
const recognised: Replacement = [
  /\b(\w+) instanceof Float32Array\b/g,
  '$1 instanceof Float64Array || $1 instanceof Float32Array',
];
/** Files that must change; a new version of TensorFlow.js in which one does not is noticed at build time. */
const rewrites: Record<string, readonly Replacement[]> = {
  'tfjs-core/dist/util.js': [arrays],
  'tfjs-core/dist/util_base.js': [[/(?<!values instanceof )\bFloat32Array\b/g, 'Float64Array'], recognised],
  'tfjs-core/dist/ops/rand.js': [arrays],
  'tfjs-core/dist/ops/signal_ops_util.js': [arrays],
  'tfjs-core/dist/backends/complex_util.js': [arrays],
  'tfjs-core/dist/platforms/is_typed_array_browser.js': [recognised],
  'tfjs-core/dist/platforms/platform_node.js': [
    [
      /\bthis\.util\.types\.isFloat32Array\(a\)/g,
      'this.util.types.isFloat64Array(a) || this.util.types.isFloat32Array(a)',
    ],
  ],
  'tfjs-core/dist/engine.js': [[/\b_tfengine\b/g, '_tfengine64']],
  'tfjs-core/dist/global_util.js': [[/\b_tfGlobals\b/g, '_tfGlobals64']],
};

export function float64Transform(): Plugin {
  const changed = new Set<string>();
  return {
    name: 'adjoint-float64',
    enforce: 'pre',
    transform(code, id) {
      const path = id.replaceAll('\\', '/').split('?')[0];
      const known = Object.keys(rewrites).find((file) => path.endsWith(`/@tensorflow/${file}`));
      const replacements = known
        ? rewrites[known]
        : /\/@tensorflow\/tfjs-backend-cpu\/dist\/.*(?<!_test)\.js$/.test(path)
          ? [arrays]
          : null;
      if (!replacements) return null;
      const result = replacements.reduce((text, [from, to]) => text.replace(from, to), code);
      if (result === code) return null;
      if (known) changed.add(known);
      return { code: result, map: null };
    },
    buildEnd(error) {
      const missed = Object.keys(rewrites).filter((file) => !changed.has(file));
      if (!error && missed.length > 0)
        this.error(`TensorFlow.js has changed: nothing to make float64 in ${missed.join(', ')}`);
    },
  };
}
