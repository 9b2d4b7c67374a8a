// A thread that helps the main one of device simd64: it shares its memory, sleeps until there is work and takes what nobody else has taken.
import { workerData } from 'node:worker_threads';

const { module, memory, thread } = workerData;
new WebAssembly.Instance(module, { env: { memory } }).exports.serve(thread);
