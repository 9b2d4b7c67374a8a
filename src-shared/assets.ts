/** How the built renderer is handed out: by Electron's own scheme and by the web host, under the same rules. */

const mediaTypes: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  map: 'application/json; charset=utf-8',
  wasm: 'application/wasm',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  ico: 'image/x-icon',
  woff: 'font/woff',
  woff2: 'font/woff2',
  ttf: 'font/ttf',
  txt: 'text/plain; charset=utf-8',
};

export function mediaType(path: string): string {
  const extension = /\.([a-z0-9]+)$/i.exec(path)?.[1].toLowerCase() ?? '';
  return mediaTypes[extension] ?? 'application/octet-stream';
}

/**
 * The file that a URL's path means, relative to the renderer's folder, or null when it is not one: a path that climbs, names a
 * hidden file, or hides separators in escapes. `/` is index.html.
 */
export function assetPath(urlPath: string): string | null {
  let path: string;
  try {
    path = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  if (!path.startsWith('/') || /[\\:\0]/.test(path)) return null;
  if (path === '/') return 'index.html';
  const parts = path.slice(1).split('/');
  return parts.every((part) => part !== '' && !part.startsWith('.')) ? parts.join('/') : null;
}

/**
 * Nothing but our own files runs or loads. Inline styles are allowed because charts and components set them; `data:` and
 * `blob:` images because charts are drawn and exported by way of them.
 *
 * @param connect further origins for WebSockets, such as `ws://127.0.0.1:5123`
 */
export function contentSecurityPolicy(connect: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self'",
    ["connect-src 'self'", ...connect].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ');
}

/** Headers of every answer that carries a file of the renderer. */
export function assetHeaders(path: string, policy: string): Record<string, string> {
  return {
    'Content-Type': mediaType(path),
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Frame-Options': 'DENY',
    // Names of built assets carry a hash of their content; the page itself must be asked for again.
    'Cache-Control': path.startsWith('assets/') ? 'private, max-age=31536000, immutable' : 'no-cache',
  };
}
