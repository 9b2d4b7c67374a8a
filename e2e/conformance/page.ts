import '../../src-renderer/api/zodSetup';
import { connect } from '../../src-renderer/api/connect';
import { desktopTransport } from '../../src-renderer/api/transports';
import { conformanceCases } from '../../src-main/host/conformance/cases';

// The conformance suite inside Electron's window: the renderer's own transport, the real preload, the real main process.
const flavour = { open: () => desktopTransport(window.adjoint!).open() };

const conformance = {
  /** Runs one case; returns what went wrong, or null. */
  run: async (name: string): Promise<string | null> => {
    try {
      await conformanceCases.find((one) => one.name === name)!.run(flavour);
      return null;
    } catch (error) {
      return String((error as Error).stack ?? error);
    }
  },
  connect: () => connect(),
  /** Sends one message on either port and returns the answers. */
  exchange: async (request: string, bytes: number[]): Promise<{ text: unknown; bytes: number[] }> => {
    const { requests, frames } = await flavour.open();
    const answers = Promise.all([
      new Promise<unknown>((resolve) => requests.onMessage(resolve)),
      new Promise<number[]>((resolve) => frames.onMessage((message) => resolve([...(message as Uint8Array)]))),
    ]);
    requests.send(request);
    frames.send(new Uint8Array(bytes));
    const [text, back] = await answers;
    return { text, bytes: back };
  },
};
export type ConformancePage = typeof conformance;

Object.assign(window, { conformance });
