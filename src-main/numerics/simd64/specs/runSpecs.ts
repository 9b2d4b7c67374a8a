// Runs TensorFlow.js's own specs on the backend simd64 and prints a list of what failed as JSON. Bundled by specs.test.ts with the same
// transform as the device's TensorFlow.js; arguments: the folder with the kernels, the binary in it,
// the number of threads.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';
import { MathBackendCPU, version_cpu } from '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { registerBackend, type TensorFlow64 } from '../backend';
import { Simd64Kernels } from '../kernels';
import { Module, Simd64Memory } from '../memory';
import { registerKernels } from '../register';

interface SpecResult {
  fullName: string;
  status: 'passed' | 'failed' | 'pending' | 'excluded';
  failedExpectations: { message: string }[];
}
interface Environment {
  configure(options: object): void;
  addReporter(reporter: { specDone(result: SpecResult): void }): void;
  execute(): Promise<unknown>;
}

const [folder, binary, threads] = process.argv.slice(2);
const { boot } = createRequire(resolve('package.json'))('jasmine-core') as { boot(): { getEnv(): Environment } };
const jasmine = boot();
const module = new Module(Uint8Array.from(readFileSync(resolve(folder, binary))));
const thread = pathToFileURL(resolve(folder, 'thread.mjs'));
const tf64 = { ...tf, MathBackendCPU, version_cpu } as TensorFlow64;
registerBackend(tf64, () => new Simd64Kernels(module, new Simd64Memory(), Number(threads), thread));
registerKernels(tf64);
setTestEnvs([{ name: 'simd64', backendName: 'simd64', isDataSync: true }]);
await import('@tensorflow/tfjs-core/dist/tests');

const environment = jasmine.getEnv();
environment.configure({ random: false });
const results: SpecResult[] = [];
environment.addReporter({ specDone: (result) => void results.push(result) });
await environment.execute();
const failed = results.filter(({ status }) => status === 'failed');
console.log(
  JSON.stringify({
    passed: results.filter(({ status }) => status === 'passed').length,
    pending: results.filter(({ status }) => status === 'pending').map(({ fullName }) => fullName),
    failed: failed.map(({ fullName, failedExpectations }) => ({
      name: fullName,
      messages: failedExpectations.map(({ message }) => message.slice(0, 300)),
    })),
  }),
);
// Threads of the backend would keep the process alive.
process.exit();
