import { join, resolve } from 'node:path';
import { build } from 'vite';

const alias = { '@shared': resolve('src-shared') };

/** Builds the conformance page and its engine into a folder; returns where they are. */
export async function buildConformance(folder: string): Promise<{ renderer: string; engineEntry: string }> {
  const renderer = join(folder, 'renderer');
  await build({
    configFile: false,
    logLevel: 'error',
    root: resolve('e2e/conformance'),
    base: './',
    resolve: { alias },
    build: { target: 'chrome108', outDir: renderer, emptyOutDir: true },
  });
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias },
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: 'node24',
      outDir: join(folder, 'node'),
      rollupOptions: {
        input: { engine: resolve('src-main/host/conformance/fakeEngineProcess.ts') },
        output: { entryFileNames: '[name].mjs' },
      },
    },
  });
  return { renderer, engineEntry: join(folder, 'node', 'engine.mjs') };
}

/** Builds a file of this folder for an Electron main or utility process; returns the bundle. */
export async function buildForElectron(name: 'spawnerMain' | 'utilityEngine', folder: string): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias },
    ssr: { noExternal: true, external: ['electron'] },
    build: {
      ssr: true,
      target: 'node16',
      outDir: folder,
      emptyOutDir: false,
      rollupOptions: {
        external: ['electron'],
        input: { [name]: resolve(`e2e/conformance/${name}.ts`) },
        output: { format: 'cjs', entryFileNames: '[name].js' },
      },
    },
  });
  return join(folder, `${name}.js`);
}
