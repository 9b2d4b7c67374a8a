// Lets Node run the project's TypeScript without a build: node --import ./scripts/runTypescript.mjs file.ts
// Node strips the types itself; what it lacks is the project's way of naming modules.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = new URL('../', import.meta.url);

registerHooks({
  resolve(specifier, context, next) {
    const url = specifier.startsWith('@shared/')
      ? new URL(`src-shared/${specifier.slice('@shared/'.length)}.ts`, root)
      : /^\.\.?\//.test(specifier) && context.parentURL?.startsWith('file:')
        ? new URL(`${specifier}.ts`, context.parentURL)
        : null;
    if (url && existsSync(url)) return { url: url.href, format: 'module-typescript', shortCircuit: true };
    const found = next(specifier, context);
    const own = found.url.startsWith(root.href) && found.url.endsWith('.ts') && !found.url.includes('/node_modules/');
    return own ? { ...found, url: pathToFileURL(fileURLToPath(found.url)).href, format: 'module-typescript' } : found;
  },
});
