import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { type Device, type DeviceOptions, type DeviceProvider, float32Device, type TensorFlow } from './device';

/** Optional packages, best first. They are installed on request and never bundled. */
const candidates = [
  { name: '@tensorflow/tfjs-node-gpu', label: 'TensorFlow (GPU)' },
  { name: '@tensorflow/tfjs-node', label: 'TensorFlow (CPU)' },
] as const;

interface Installed {
  name: string;
  label: string;
  version: string;
  folder: string;
  require: NodeJS.Require;
}

/** TensorFlow's own library under TensorFlow.js, on the processor or on a CUDA device. */
export const tensorflowProvider: DeviceProvider = {
  name: 'tensorflow',
  label: 'TensorFlow',
  dtype: 'float32',
  probe(options) {
    const installed = findInstalled(options);
    if (installed.length === 0)
      return { available: false, detail: 'not installed: npm install @tensorflow/tfjs-node (or tfjs-node-gpu)' };
    const built = installed.find(hasAddon);
    if (!built)
      return {
        available: false,
        detail: `${installed[0].name} is installed without its native library: run npm rebuild ${installed[0].name} --build-addon-from-source`,
      };
    return { available: true, detail: `${built.name} ${built.version}` };
  },
  async load(options) {
    const reasons: string[] = [];
    for (const installed of findInstalled(options)) {
      try {
        return loadInstalled(installed, options);
      } catch (error) {
        reasons.push(`${installed.name} does not load: ${firstLine(error)}`);
      }
    }
    throw new Error(reasons.join('; ') || this.probe(options).detail);
  },
};

function loadInstalled(installed: Installed, options: DeviceOptions): Device {
  restoreRemovedUtilities();
  // Read by TensorFlow when its library is loaded.
  process.env.TF_NUM_INTRAOP_THREADS ??= String(options.threads);
  process.env.TF_NUM_INTEROP_THREADS ??= '1';
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const tf = installed.require(installed.name) as TensorFlow & { version: Record<string, string> };
  return float32Device(tf, {
    name: 'tensorflow',
    label: installed.label,
    threads: options.threads,
    detail: `${installed.name} ${installed.version}`,
    packages: { [installed.name]: installed.version, '@tensorflow/tfjs-core': tf.version_core },
  });
}

/** tfjs-node 4.22 still calls two functions of `util` that newer Nodes took out or warn about. */
function restoreRemovedUtilities(): void {
  const old = util as { isNullOrUndefined?: (value: unknown) => boolean; isArray?: (value: unknown) => boolean };
  old.isNullOrUndefined = (value) => value === null || value === undefined;
  old.isArray = Array.isArray;
}

function findInstalled(options: DeviceOptions): Installed[] {
  const roots = [import.meta.url, ...(options.packageFolders ?? []).map((folder) => join(folder, 'package.json'))];
  return candidates.flatMap(({ name, label }) => {
    for (const root of roots) {
      try {
        const require = createRequire(root);
        const manifest = require.resolve(`${name}/package.json`);
        const { version } = require(manifest) as { version: string };
        return [{ name, label, version, folder: dirname(manifest), require }];
      } catch {
        // Not installed from here; the next folder may have it.
      }
    }
    return [];
  });
}

function hasAddon({ folder }: Installed): boolean {
  const lib = join(folder, 'lib');
  if (!existsSync(lib)) return false;
  return readdirSync(lib).some((version) => existsSync(join(lib, version, 'tfjs_binding.node')));
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0];
}
