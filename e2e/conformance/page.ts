import { desktopTransport } from '../../src-renderer/api/transports';
import '../../src-renderer/api/zodSetup';
import { conformanceCases } from '../../src-main/host/conformance/cases';

// The conformance suite inside Electron's window: the renderer's own transport, the real preload, the real main process.
const flavour = { open: () => desktopTransport(window.adjoint!).open() };

Object.assign(window, {
  conformance: {
    names: conformanceCases.map(({ name }) => name),
    /** Runs one case; returns what went wrong, or null. */
    run: async (name: string): Promise<string | null> => {
      try {
        await conformanceCases.find((one) => one.name === name)!.run(flavour);
        return null;
      } catch (error) {
        return String((error as Error).stack ?? error);
      }
    },
  },
});
