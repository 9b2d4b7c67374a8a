import { Command, InvalidArgumentError } from 'commander';
import { createEngine } from '../engine/engine';
import { startDemo } from '../engine/demo';
import { nodeSpawner } from '../host/nodeSpawner';
import { startWebHost } from '../host/webHost';
import { action, printJson, printLine, say, withCommonOptions, type CommonOptions, type Places } from './context';

interface ServeOptions extends CommonOptions {
  port?: number;
  demo?: boolean;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new InvalidArgumentError('a port is a whole number from 0 to 65535.');
  return port;
}

export function serveCommand(places: Places): Command {
  return withCommonOptions(
    new Command('serve')
      .description('Serves the workbench on 127.0.0.1 for a browser. Runs go on when it stops.')
      .option('-p, --port <number>', 'port (default: a free one)', portNumber)
      .option('--demo', 'begins the example run at once'),
  ).action(
    action(async (options: ServeOptions) => {
      const engine = await createEngine({
        workspace: options.workspace,
        runEntry: places.runEntry,
        resources: places.resources,
        spawner: nodeSpawner(),
        launcher: 'serve',
        log: say,
      });
      let host;
      try {
        host = await startWebHost({ engine, rendererDirectory: places.renderer, port: options.port, log: say });
      } catch (error) {
        await engine.close('leave');
        throw error;
      }
      const demo = options.demo ? await startDemo(engine, places.resources) : null;
      if (options.json)
        printJson({ url: host.url, port: host.port, token: host.token, workspace: options.workspace, demo });
      else {
        printLine(`Adjoint is at ${host.url}`);
        say(`Workspace ${options.workspace}. Ctrl-C stops serving; runs go on.`);
      }
      const stop = async () => {
        await host.close();
        await engine.close('leave');
        process.exit(0);
      };
      process.once('SIGINT', stop);
      process.once('SIGTERM', stop);
    }),
  );
}
