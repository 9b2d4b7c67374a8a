import { BrowserWindow, dialog } from 'electron';
import type { Activity } from '@shared/shellProtocol';

export type QuitChoice = 'leave' | 'stop' | 'cancel';

const choices: readonly QuitChoice[] = ['leave', 'stop', 'cancel'];

const count = (n: number, state: string) => (n === 0 ? [] : [`${n} ${state}`]);

/**
 * Asks what becomes of the active runs. With nothing active there is nothing to ask.
 * ADJOINT_QUIT_CHOICE answers in place of a person, for tests and for scripts.
 */
export async function askBeforeQuit(activity: Activity): Promise<QuitChoice> {
  const active = activity.running + activity.paused + activity.waiting;
  if (active === 0) return 'leave';
  const given = choices.find((choice) => choice === process.env.ADJOINT_QUIT_CHOICE);
  if (given) return given;
  const states = [
    ...count(activity.running, 'running'),
    ...count(activity.paused, 'paused'),
    ...count(activity.waiting, 'waiting'),
  ];
  const options = {
    type: 'question' as const,
    message: active === 1 ? 'One run is still active.' : `${active} runs are still active.`,
    detail:
      `${states.join(', ')}. In the background, runs that have begun go on and waiting ones start the next time Adjoint is open. ` +
      'Stopped runs can be resumed from their checkpoint.',
    buttons: ['Keep running in the background', 'Checkpoint and stop', 'Cancel'],
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  };
  const window = BrowserWindow.getFocusedWindow();
  const { response } = await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options));
  return choices[response];
}
