import { createRouterClient } from '@orpc/server';
import { RPCHandler } from '@orpc/server/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '@shared/contract';
import type { Port } from '@shared/port';
import type { Engine } from '../engine/api';
import { contractError } from './problems';

type Log = (line: string) => void;
type EngineRouter = Engine['router'];
export type ContractClient = ContractRouterClient<Contract>;

/** After so many messages that are no requests the port is closed: the client is broken or hostile. */
const maxMalformed = 100;

interface Call {
  path: readonly string[];
  signal?: AbortSignal;
  next(): Promise<unknown>;
}

/** Makes every failure, also one in the middle of an event stream, the contract's typed error. */
const typedErrors = (log: Log) => async (call: Call) => {
  const path = call.path.join('.');
  try {
    const output = await call.next();
    return isIterator(output) ? typedIterator(output, call.signal, (error) => contractError(error, path, log)) : output;
  } catch (error) {
    throw contractError(error, path, log);
  }
};

const isIterator = (value: unknown): value is AsyncIterator<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value;

/** The same events; ends at once when the client has gone, also while the generator waits for its next event. */
async function* typedIterator(
  iterator: AsyncIterator<unknown>,
  signal: AbortSignal | undefined,
  asTyped: (error: unknown) => Error,
): AsyncGenerator<unknown> {
  // Not Promise.race: a promise that lives as long as the stream would remember every event that raced it.
  let leave: () => void = () => undefined;
  const gone = () => leave();
  signal?.addEventListener('abort', gone, { once: true });
  try {
    while (!signal?.aborted) {
      const step = await new Promise<IteratorResult<unknown> | null>((resolve, reject) => {
        leave = () => resolve(null);
        iterator.next().then(resolve, reject);
      });
      if (step === null) return;
      if (step.done) return step.value;
      yield step.value;
    }
  } catch (error) {
    throw asTyped(error);
  } finally {
    signal?.removeEventListener('abort', gone);
    // Not awaited: a generator that waits for an event obeys only after it.
    void iterator.return?.()?.catch(() => undefined);
  }
}

/** The contract without any transport, for the command line. Checks inputs and types errors as the other two do. */
export function inProcessClient(router: EngineRouter, log: Log): ContractClient {
  return createRouterClient(router, { interceptors: [typedErrors(log)] }) as unknown as ContractClient;
}

/**
 * Serves the contract on ports (MessagePort or WebSocket alike): one call a port.
 * What is not a request is logged and dropped; the connection goes on.
 */
export function requestServer(router: EngineRouter, log: Log): (port: Port) => void {
  const handler = new RPCHandler(router, { clientInterceptors: [typedErrors(log)] });
  return (port) => {
    // oRPC's WebSocket handler keeps its state by socket and asks of it only `send`.
    const socket = { send: (data: string | Uint8Array) => port.send(data) } as unknown as WebSocket;
    let malformed = 0;
    port.onMessage((message) => {
      handler.message(socket, message as string, { context: {} }).catch((error: unknown) => {
        malformed++;
        log(`a message on the request channel was not a request: ${(error as Error)?.message ?? String(error)}`);
        if (malformed >= maxMalformed) port.close();
      });
    });
    port.onClose(() => handler.close(socket));
  };
}
