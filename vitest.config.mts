import vue from '@vitejs/plugin-vue';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { licencesPlugin } from './scripts/licences.mts';

const alias = { '@shared': fileURLToPath(new URL('./src-shared', import.meta.url)) };
// As in the bundle, TensorFlow.js comes from its ES modules: its CommonJS build registers no gradients, and both are two engines.
const tensorflow = [
  {
    find: /^@tensorflow\/(tfjs-core|tfjs-backend-cpu|tfjs-backend-wasm)$/,
    replacement: '@tensorflow/$1/dist/index.js',
  },
];
const long = process.env.ADJOINT_LONG_TESTS === '1';

export default defineConfig({
  test: {
    maxWorkers: 2,
    passWithNoTests: true,
    projects: [
      {
        resolve: { alias: [...tensorflow, { find: '@shared', replacement: alias['@shared'] }] },
        test: {
          name: 'node',
          environment: 'node',
          include: long
            ? ['src-*/**/*.long.test.ts']
            : ['src-main/**/*.test.ts', 'src-shared/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: long ? [] : ['**/*.long.test.ts'],
          testTimeout: long ? 900_000 : 120_000,
          globalSetup: ['./scripts/vitestSetup.ts'],
          server: { deps: { inline: [/@tensorflow\/tfjs-(core|backend)/] } },
        },
      },
      {
        resolve: { alias },
        plugins: [vue(), licencesPlugin()],
        test: {
          name: 'renderer',
          environment: 'happy-dom',
          testTimeout: 120_000,
          include: long ? [] : ['src-renderer/**/*.test.ts'],
          exclude: ['**/*.long.test.ts'],
        },
      },
    ],
  },
});
