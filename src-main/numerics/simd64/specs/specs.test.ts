import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { float64Bundle, simd64Folder } from '../../../../scripts/buildSimd64.mts';
import { inapplicable } from './inapplicable';

interface Report {
  passed: number;
  pending: string[];
  failed: { name: string; messages: string[] }[];
}

/**
 * Keeps the specs, which nothing imports by name, and lets them expect float64 where they make arrays of float32 to compare with; their
 * tests of TensorFlow.js's own file formats excepted.
 */
const float64Specs: Plugin = {
  name: 'adjoint-float64-specs',
  enforce: 'pre',
  transform(code, id) {
    if (!id.includes('/@tensorflow/')) return null;
    const spec = id.endsWith('_test.js') && !id.includes('/dist/io/');
    return {
      code: spec ? code.replaceAll(/\bFloat32Array\b/g, 'Float64Array') : code,
      moduleSideEffects: true,
      map: null,
    };
  },
};

const folder = mkdtempSync(join(tmpdir(), 'adjoint-specs-'));
const bundle = join(folder, 'specs.mjs');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await build({
    ...float64Bundle,
    plugins: [...(float64Bundle.plugins ?? []), float64Specs],
    build: {
      ssr: resolve('src-main/numerics/simd64/specs/runSpecs.ts'),
      target: 'node24',
      outDir: folder,
      minify: false,
      rollupOptions: {
        external: [/^jasmine-core/],
        output: { format: 'es', entryFileNames: 'specs.mjs', codeSplitting: false },
      },
    },
  });
}, 120_000);

async function run(binary: string, threads: number): Promise<Report> {
  // The bundle lies outside the project and asks for jasmine-core.
  const child = spawn(process.execPath, [bundle, simd64Folder, binary, String(threads)], {
    env: { ...process.env, NODE_PATH: resolve('node_modules') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return JSON.parse(output.slice(output.lastIndexOf('\n{') + 1)) as Report;
}

it.each([
  ['kernels-relaxed.wasm', 2],
  ['kernels-simd.wasm', 1],
])(
  'TensorFlow.js’s own specs hold with %s on %d threads, but for those that cannot in float64',
  async (binary, threads) => {
    const { passed, failed } = await run(binary, threads);
    const failures = Object.fromEntries(failed.map(({ name, messages }) => [name, messages]));
    const unexpected = failed.filter(({ name }) => !(name in inapplicable));
    expect(unexpected).toEqual([]);
    expect(Object.keys(inapplicable).filter((name) => !(name in failures))).toEqual([]);
    expect(passed).toBeGreaterThan(4190);
  },
  120_000,
);
