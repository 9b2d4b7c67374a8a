import { LiveConnection, type Connection } from './connection';
import type { Transport } from './transport';
import { desktopTransport, webTransport } from './transports';

export type { Client, Connection, ConnectionState } from './connection';
export type { FrameClient } from './frameClient';
export { problemOf } from './problemOf';

/**
 * Connects the page to its engine: through Electron's ports when the preload is there, else through WebSockets to the host
 * that served the page. Resolves at the first success or failure, and never rejects: a failure is a state, and the
 * connection keeps trying. Call it before the router is made, because it takes the token out of the address.
 */
export async function connect(transport: Transport = defaultTransport()): Promise<Connection> {
  const connection = new LiveConnection(transport);
  await connection.firstAttempt;
  return connection;
}

function defaultTransport(): Transport {
  return window.adjoint ? desktopTransport(window.adjoint) : webTransport(new URL(location.href));
}
