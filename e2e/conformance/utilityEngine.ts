import { ParentSpawner } from '../../src-main/host/parentSpawner';
import { shellLink } from '../../src-main/host/shellLink';

// Stands in for the engine in a utility process, on any Node: the engine itself needs a newer one than old Electrons have.
// It sends back what it gets; a request `exit N` starts a run process that ends with N and answers how it ended.
const link = shellLink()!;
const spawner = new ParentSpawner((request) => link.send(request));

link.onMessage((message) => {
  if (message.type === 'stop') process.exit(0);
  if (message.type === 'spawned' || message.type === 'spawn-failed' || message.type === 'exited')
    spawner.receive(message);
});
link.onPort((channel, port) => {
  port.onMessage((message) => {
    const code = typeof message === 'string' ? /^exit (\d+)$/.exec(message)?.[1] : undefined;
    if (channel === 'frames' || code === undefined) port.send(message);
    else void exit(code).then((end) => port.send(JSON.stringify(end)));
  });
});
link.send({ type: 'ready' });

async function exit(code: string) {
  const cwd = process.env.ADJOINT_WORKSPACE!;
  const entry = process.env.ADJOINT_CONFORMANCE_CHILD!;
  const run = await spawner.spawn({ entry, args: ['exit', code], cwd, logFile: `${cwd}/run.log`, detached: true });
  return { hasPid: run.pid > 0, ...(await run.exited) };
}
