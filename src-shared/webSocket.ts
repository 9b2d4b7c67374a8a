/**
 * How a page shows its token when it opens a WebSocket: as a second subprotocol. Headers cannot be set from a page, and an
 * address would end up in logs. The server answers with the first protocol and never repeats the token.
 */
export const webSocketProtocol = 'adjoint';
const tokenPrefix = 'adjoint.token.';

export const protocolsWithToken = (token: string): string[] => [webSocketProtocol, tokenPrefix + token];

/** The token in a Sec-WebSocket-Protocol header, or null. */
export function tokenFromProtocols(header: string | undefined): string | null {
  for (const part of (header ?? '').split(',')) {
    const protocol = part.trim();
    if (protocol.startsWith(tokenPrefix)) return protocol.slice(tokenPrefix.length);
  }
  return null;
}
