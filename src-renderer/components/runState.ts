import {
  CircleCheck,
  CircleDashed,
  CirclePause,
  CirclePlay,
  CircleSlash,
  CircleX,
  LoaderCircle,
  ZapOff,
} from '@lucide/vue';
import { liveStates, type RunState, type RunSummary } from '@shared/run';

/** A state's word, colour (a token) and icon: never colour alone. */
export const stateLooks = {
  queued: { word: 'Queued', token: 'queued', icon: CircleDashed },
  starting: { word: 'Starting', token: 'running', icon: LoaderCircle },
  running: { word: 'Running', token: 'running', icon: CirclePlay },
  paused: { word: 'Paused', token: 'paused', icon: CirclePause },
  done: { word: 'Done', token: 'done', icon: CircleCheck },
  failed: { word: 'Failed', token: 'failed', icon: CircleX },
  crashed: { word: 'Crashed', token: 'crashed', icon: ZapOff },
  cancelled: { word: 'Cancelled', token: 'cancelled', icon: CircleSlash },
} as const satisfies Record<RunState, { word: string; token: string; icon: unknown }>;

const pendingWords = { pause: 'Pausing', resume: 'Resuming', cancel: 'Stopping' } as const;

/** The word for a state; what was asked for and not yet obeyed goes first. */
export const stateWord = (run: Pick<RunSummary, 'state' | 'pending'>): string =>
  run.state === 'queued' && run.pending === 'pause'
    ? 'Held'
    : run.pending
      ? pendingWords[run.pending]
      : stateLooks[run.state].word;

export const isLive = (run: Pick<RunSummary, 'state'>): boolean => liveStates.includes(run.state);

type Run = Pick<RunSummary, 'state' | 'pending' | 'resumable'>;
/** A run that waits in the queue is held there. */
export const canPause = (run: Run): boolean =>
  (run.state === 'running' || run.state === 'queued') && run.pending === null;
const isHeld = (run: Run): boolean => run.state === 'queued' && run.pending === 'pause';
export const canResume = (run: Run): boolean =>
  isHeld(run) ||
  (run.pending === null && (run.state === 'paused' || (run.resumable && !isLive(run) && run.state !== 'queued')));
export const canCancel = (run: Run): boolean => (isLive(run) || run.state === 'queued') && run.pending !== 'cancel';
export const canTrash = (run: Run): boolean => !isLive(run) && run.state !== 'queued';
