import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { buildSimd64, simd64Files, simd64Folder } from './scripts/buildSimd64.mts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The commit that is built, for manifests; null outside a git checkout. */
function commit(): string | null {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    }).trim();
  } catch {
    return null;
  }
}
const { version } = JSON.parse(readFileSync(at('./package.json'), 'utf8')) as { version: string };

/** TensorFlow's WASM backend reads its binaries from disk: put them beside the bundle. */
const tensorflowWasm: Plugin = {
  name: 'adjoint-tensorflow-wasm',
  writeBundle(options) {
    const directory = `${options.dir}/wasm`;
    mkdirSync(directory, { recursive: true });
    for (const name of [
      'tfjs-backend-wasm.wasm',
      'tfjs-backend-wasm-simd.wasm',
      'tfjs-backend-wasm-threaded-simd.wasm',
    ])
      copyFileSync(at(`./node_modules/@tensorflow/tfjs-backend-wasm/dist/${name}`), `${directory}/${name}`);
  },
};

/** The float64 device: its own TensorFlow.js and its kernels, made if they are stale. */
const simd64: Plugin = {
  name: 'adjoint-simd64',
  buildStart: buildSimd64,
  writeBundle(options) {
    const directory = `${options.dir}/simd64`;
    mkdirSync(directory, { recursive: true });
    for (const name of simd64Files) copyFileSync(`${simd64Folder}/${name}`, `${directory}/${name}`);
  },
};

/** Figures are written as PDF with their fonts embedded: put the faces beside the bundle. */
const figureFonts: Plugin = {
  name: 'adjoint-figure-fonts',
  writeBundle(options) {
    const directory = `${options.dir}/fonts`;
    mkdirSync(directory, { recursive: true });
    const files = JSON.parse(readFileSync(at('./src-shared/figures/fontFiles.json'), 'utf8')) as Record<string, string>;
    for (const [name, file] of Object.entries(files))
      copyFileSync(at(`./node_modules/${file}`), `${directory}/${name}.ttf`);
  },
};

// Everything that runs on Node 24: engine, run process, workers and command line.
export default defineConfig({
  plugins: [tensorflowWasm, simd64, figureFonts],
  define: { __ADJOINT_VERSION__: JSON.stringify(version), __ADJOINT_COMMIT__: JSON.stringify(commit()) },
  resolve: { alias: { '@shared': at('./src-shared') } },
  ssr: { noExternal: true, external: ['ws', '@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'] },
  build: {
    ssr: true,
    target: 'node24',
    outDir: 'out/node',
    emptyOutDir: true,
    sourcemap: true,
    minify: false,
    rollupOptions: {
      input: {
        adjoint: at('./src-main/cli/adjoint.ts'),
        engine: at('./src-main/host/engineProcess.ts'),
        run: at('./src-main/jobs/run.ts'),
        preview: at('./src-main/engine/previewThread.ts'),
        labels: at('./src-main/solvers/qcqp/labelThread.ts'),
        convex: at('./src-main/solvers/convex/batchThread.ts'),
        leastSquares: at('./src-main/layers/leastSquares/poolThread.ts'),
        hostLayer: at('./src-main/training/techniques/hostPool/thread.ts'),
      },
      output: { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs' },
    },
  },
});
