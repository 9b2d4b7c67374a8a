import type { RunState } from '@shared/run';

const circle = 'M2 12a10 10 0 1 0 20 0a10 10 0 1 0-20 0';

/**
 * The icons of the states (Lucide's, as in `stateLooks`), each as one path on a grid of 24: a table of hundreds of rows draws
 * one element for each instead of a component with four.
 */
export const statePaths: Record<RunState, string> = {
  queued:
    'M10.1 2.182a10 10 0 0 1 3.8 0M13.9 21.818a10 10 0 0 1-3.8 0M17.609 3.721a10 10 0 0 1 2.69 2.7M2.182 13.9a10 10 0 0 1 0-3.8' +
    'M20.279 17.609a10 10 0 0 1-2.7 2.69M21.818 10.1a10 10 0 0 1 0 3.8M3.721 6.391a10 10 0 0 1 2.7-2.69M6.391 20.279a10 10 0 0 1-2.69-2.7',
  starting: 'M21 12a9 9 0 1 1-6.219-8.56',
  running: `${circle}M9 9.003a1 1 0 0 1 1.517-.859l4.997 2.997a1 1 0 0 1 0 1.718l-4.997 2.997A1 1 0 0 1 9 14.996z`,
  paused: `${circle}M10 15V9M14 15V9`,
  done: `${circle}M16 9l-5.5 5.5L8 12`,
  failed: `${circle}M15 9l-6 6M9 9l6 6`,
  cancelled: `${circle}M9 15L15 9`,
  crashed:
    'M10.768 5.111L13.44 2.44a1.5 1.5 0 0 1 2.474 1.561l-1.633 4.625M18.889 13.232l.672-.672A1.5 1.5 0 0 0 18.5 10h-2.844' +
    'M2 2l20 20M7.9 7.9L4.44 11.44A1.5 1.5 0 0 0 5.5 14h3.9l-1.87 6a1.5 1.5 0 0 0 2.47 1.56l5.9-5.96',
};
