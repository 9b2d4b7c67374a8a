import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'electron-vite';
import { fileURLToPath } from 'node:url';
import { licencesPlugin } from './scripts/licences.mts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const alias = { '@shared': at('./src-shared') };

// The shell only: main, preload and renderer. Engine, run process and command line are the second build,
// vite.node.config.mts; a second entry here would be hoisted into main and run inside Electron's main process.
// Main and preload are CommonJS for Node 16 and the renderer is for Chrome 108, so that old Electrons run the same shell.
export default defineConfig({
  main: {
    resolve: { alias },
    build: {
      outDir: 'out/main',
      target: 'node16',
      externalizeDeps: false,
      rollupOptions: {
        input: { main: at('./src-main/electron/main.ts') },
        output: { format: 'cjs', entryFileNames: '[name].js' },
      },
    },
  },
  preload: {
    resolve: { alias },
    build: {
      outDir: 'out/preload',
      target: 'node16',
      externalizeDeps: false,
      rollupOptions: {
        input: { preload: at('./src-main/electron/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].js' },
      },
    },
  },
  renderer: {
    root: at('./src-renderer'),
    resolve: { alias },
    plugins: [vue(), licencesPlugin()],
    build: {
      outDir: at('./out/renderer'),
      target: 'chrome108',
      minify: true,
      chunkSizeWarningLimit: 1500,
      rollupOptions: {
        input: { index: at('./src-renderer/index.html') },
        // Each large library is a chunk of its own, so that a view loads what it draws with and nothing else.
        output: {
          codeSplitting: {
            groups: [
              { name: 'charts', test: /node_modules[\\/](echarts|zrender)[\\/]/ },
              { name: 'arrow', test: /node_modules[\\/](apache-arrow|flatbuffers)[\\/]/ },
              { name: 'katex', test: /node_modules[\\/]katex[\\/]/ },
              {
                name: 'editor',
                test: /node_modules[\\/](codemirror|@codemirror|@lezer|style-mod|w3c-keyname|crelt)[\\/]/,
              },
              {
                name: 'components',
                test: /node_modules[\\/](naive-ui|vueuc|vooks|treemate|seemly|css-render|@css-render|evtd|vdirs)[\\/]/,
              },
            ],
          },
        },
      },
    },
  },
});
