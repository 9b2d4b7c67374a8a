import { protocol, type Session } from 'electron';
import { promises as fs } from 'fs';
import { join } from 'path';
import { assetHeaders, assetPath, contentSecurityPolicy } from '@shared/assets';

const scheme = 'adjoint';
/** Origin of the window's page. No other page ever loads in it. */
export const appOrigin = `${scheme}://app`;
export const appPage = `${appOrigin}/`;

/**
 * The renderer comes by a scheme of its own rather than from `file:`, so that it has an origin, its policy is a header, and
 * nothing outside its folder can be asked for. Must run before the app is ready.
 */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

export function serveAssets(session: Session, renderer: string): void {
  const policy = contentSecurityPolicy();
  const load = async (url: string): Promise<{ status: number; headers: Record<string, string>; data: Buffer }> => {
    const { origin, host, pathname } = new URL(url);
    // Node knows no origin for schemes of one's own and gives 'null'; host and scheme say the same.
    const path = host === 'app' || origin === appOrigin ? assetPath(pathname) : null;
    try {
      if (path === null) throw new Error('not an asset');
      return { status: 200, headers: assetHeaders(path, policy), data: await fs.readFile(join(renderer, path)) };
    } catch {
      const headers = { 'Content-Type': 'text/plain', 'Content-Security-Policy': policy };
      return { status: 404, headers, data: Buffer.from('Not Found') };
    }
  };
  const { protocol: handlers } = session;
  // Electron before 25 has no `handle`; its main process has no Response either.
  if (typeof handlers.handle === 'function')
    handlers.handle(scheme, async (request) => {
      const { status, headers, data } = await load(request.url);
      return new Response(new Uint8Array(data), { status, headers });
    });
  else
    handlers.registerBufferProtocol(scheme, (request, callback) => {
      void load(request.url).then(({ status, headers, data }) =>
        callback({
          statusCode: status,
          headers,
          mimeType: headers['Content-Type'].split(';')[0],
          charset: 'utf-8',
          data,
        }),
      );
    });
}
