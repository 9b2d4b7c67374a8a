// Builds what the device simd64 is made of into out/simd64: TensorFlow.js in float64, and the kernels in WebAssembly, once with relaxed
// SIMD (fused multiply-add) and once with plain SIMD. A digest of all that goes in decides whether there is anything to do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type InlineConfig } from 'vite';
import { float64Transform } from './float64Transform.mts';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src-main/numerics/simd64');
/** What the device loads; the Node bundle gets a copy. */
export const simd64Files = ['tensorflow.mjs', 'kernels-relaxed.wasm', 'kernels-simd.wasm', 'thread.mjs'];
export const simd64Folder = join(root, 'out/simd64');

/** Options that every bundle around the float64 copy of TensorFlow.js shares. */
export const float64Bundle: InlineConfig = {
  configFile: false,
  root,
  logLevel: 'error',
  plugins: [float64Transform()],
  resolve: {
    alias: [
      { find: '@shared', replacement: join(root, 'src-shared') },
      {
        find: /^@tensorflow\/(tfjs-core|tfjs-backend-cpu)$/,
        replacement: join(root, 'node_modules/@tensorflow/$1/dist/index.js'),
      },
    ],
  },
  ssr: { noExternal: true },
};

function digest(): string {
  const hash = createHash('sha256');
  const own = ['buildSimd64.mts', 'float64Transform.mts'].map((name) => join(root, 'scripts', name));
  const assembly = join(source, 'assembly');
  const kernels = readdirSync(assembly)
    .sort()
    .map((name) => join(assembly, name));
  const inputs = [...own, ...kernels, ...['tensorflow.ts', 'thread.mjs'].map((name) => join(source, name))];
  inputs.push(join(root, 'package-lock.json'));
  for (const path of inputs) hash.update(readFileSync(path));
  return hash.digest('hex');
}

/** Makes out/simd64 if it is missing or stale. */
export async function buildSimd64(): Promise<void> {
  const stamp = join(simd64Folder, 'digest');
  const wanted = digest();
  const whole = simd64Files.every((name) => existsSync(join(simd64Folder, name)));
  if (whole && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  // Beside it, then in its place: another process may be loading from it.
  const fresh = `${simd64Folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    await buildTensorFlow(fresh);
    compileKernels(join(fresh, 'kernels-relaxed.wasm'), ['simd', 'relaxed-simd', 'threads']);
    compileKernels(join(fresh, 'kernels-simd.wasm'), ['simd', 'threads']);
    copyFileSync(join(source, 'thread.mjs'), join(fresh, 'thread.mjs'));
    writeFileSync(join(fresh, 'digest'), wanted);
    rmSync(simd64Folder, { recursive: true, force: true });
    renameSync(fresh, simd64Folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function buildTensorFlow(outDir: string): Promise<void> {
  await build({
    ...float64Bundle,
    build: {
      ssr: join(source, 'tensorflow.ts'),
      target: 'node20',
      outDir,
      emptyOutDir: false,
      minify: false,
      rollupOptions: { output: { format: 'es', entryFileNames: 'tensorflow.mjs' } },
    },
  });
}

/** AssemblyScript without a runtime: the kernels allocate nothing, and an instance a thread must not set up a heap of its own. */
function compileKernels(outFile: string, features: readonly string[]): void {
  const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--sharedMemory'];
  const memory = ['--initialMemory', '64', '--maximumMemory', '65536', '--memoryBase', '1024'];
  const args = [
    join(source, 'assembly/kernels.ts'),
    ...options,
    ...memory,
    '--disableWarning',
    '--enable',
    features.join(','),
    '-o',
    outFile,
  ];
  const { status, stderr } = spawnSync(process.execPath, [compiler, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The kernels do not compile:\n${stderr}`);
}
