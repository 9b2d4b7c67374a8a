import type { Page } from '@playwright/test';

/** What becomes of the engine's answers on their way to the window. */
export type Answers = 'come' | 'wait' | 'fail';

interface Message {
  i: string;
  t?: number;
  p?: unknown;
}

/**
 * Stands between window and engine: answers that `wait` show what a view looks like while it loads, and those that `fail` what
 * it looks like when a request is refused.
 */
export async function standBetween(page: Page): Promise<(answers: Answers) => void> {
  let answers: Answers = 'come';
  const held: (() => void)[] = [];
  await page.routeWebSocket(/\/requests$/, (socket) => {
    const engine = socket.connectToServer();
    engine.onMessage((message) => {
      if (answers === 'wait') held.push(() => socket.send(message));
      else socket.send(answers === 'fail' ? refusal(message) : message);
    });
  });
  return (next) => {
    answers = next;
    if (next !== 'wait') for (const send of held.splice(0)) send();
  };
}

/** An answer in the words of a typed error; events are left as they are. */
function refusal(message: string | Buffer): string | Buffer {
  const { i, t } = JSON.parse(message.toString('utf8')) as Message;
  if (t !== undefined) return message;
  const data = {
    code: 'not-writable',
    what: 'A file of the workspace cannot be written: permission denied.',
    where: '/home/somebody/adjoint/a-folder-with-a-rather-long-name/index.sqlite',
    fix: 'Give yourself access to the folder, then try again.',
  };
  const json = { defined: true, code: 'ADJOINT', status: 422, message: data.what, data };
  return JSON.stringify({ i, p: { s: 422, b: { json } } });
}
