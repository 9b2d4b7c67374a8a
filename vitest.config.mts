import vue from '@vitejs/plugin-vue';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const alias = { '@shared': fileURLToPath(new URL('./src-shared', import.meta.url)) };
const long = process.env.ADJOINT_LONG_TESTS === '1';

export default defineConfig({
  test: {
    maxWorkers: 2,
    passWithNoTests: true,
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'node',
          environment: 'node',
          include: long
            ? ['src-*/**/*.long.test.ts']
            : ['src-main/**/*.test.ts', 'src-shared/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: long ? [] : ['**/*.long.test.ts'],
          testTimeout: long ? 900_000 : 30_000,
          globalSetup: ['./scripts/vitestSetup.ts'],
          // As in the bundle, TensorFlow.js comes from its ES modules: its CommonJS build registers no gradients.
          server: { deps: { inline: [/@tensorflow\/tfjs-(core|backend)/] } },
        },
      },
      {
        resolve: { alias },
        plugins: [vue()],
        test: {
          name: 'renderer',
          environment: 'happy-dom',
          include: long ? [] : ['src-renderer/**/*.test.ts'],
          exclude: ['**/*.long.test.ts'],
        },
      },
    ],
  },
});
