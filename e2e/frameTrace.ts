import type { Page } from '@playwright/test';

interface TraceEvent {
  name: string;
  ph: string;
  ts: number;
  dur?: number;
  /** Processor time of the thread: on a machine with other work, what the page itself took. */
  tdur?: number;
  pid: number;
  tid: number;
  args?: { name?: string };
}

/** Events during which a page's scripts run; they may lie inside each other. */
const scripts = new Set([
  'FunctionCall',
  'EvaluateScript',
  'FireAnimationFrame',
  'TimerFire',
  'EventDispatch',
  'RunMicrotasks',
  'v8.callFunction',
  'v8.run',
]);

export interface FrameTimes {
  /** Milliseconds of processor time that scripts took in each frame of the page, ascending. */
  script: number[];
  /** Milliseconds from picture to picture, ascending. */
  frame: number[];
  /** Milliseconds of processor time of the longest task on the page's main thread. */
  longestTask: number;
  tasksOver50: number;
}

/** What the main thread does while something is done in the page, from Chromium's own trace. */
export async function traceFrames(page: Page, action: () => Promise<void>): Promise<FrameTimes> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  const categories = 'devtools.timeline,disabled-by-default-devtools.timeline,toplevel';
  await session.send('Tracing.start', { categories, transferMode: 'ReportEvents' });
  await action();
  const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
  await session.send('Tracing.end');
  await complete;
  await session.detach();

  const main = mainThread(events);
  const own = events.filter(({ pid, tid }) => pid === main.pid && tid === main.tid);
  // Each picture is committed once: what runs between two commits is one frame's.
  const begins = own.filter(({ name }) => name === 'Commit').map(({ ts }) => ts).sort((a, b) => a - b); // prettier-ignore
  const outermost = outer(own.filter(({ name, dur }) => scripts.has(name) && dur !== undefined));
  const tasks = own.filter(({ name, dur }) => name === 'RunTask' && dur !== undefined).map(cpu);
  const script: number[] = [];
  const frame: number[] = [];
  for (let i = 0; i + 1 < begins.length; i++) {
    const inside = outermost.filter(({ ts }) => ts >= begins[i] && ts < begins[i + 1]);
    frame.push((begins[i + 1] - begins[i]) / 1000);
    script.push(inside.reduce((sum, event) => sum + cpu(event), 0));
  }
  const ascending = (list: number[]) => list.sort((a, b) => a - b);
  return {
    script: ascending(script),
    frame: ascending(frame),
    longestTask: Math.max(0, ...tasks),
    tasksOver50: tasks.filter((task) => task > 50).length,
  };
}

/** Of several renderers the one whose main thread ran most script: the page under test. */
function mainThread(events: readonly TraceEvent[]): { pid: number; tid: number } {
  const candidates = events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const busy = ({ pid, tid }: TraceEvent) =>
    events.filter((event) => event.pid === pid && event.tid === tid && scripts.has(event.name)).length;
  return candidates.reduce((a, b) => (busy(b) > busy(a) ? b : a));
}

const cpu = ({ tdur, dur }: TraceEvent): number => (tdur ?? dur ?? 0) / 1000;

/** Events that do not lie inside another one. */
function outer(events: readonly TraceEvent[]): TraceEvent[] {
  const outermost: TraceEvent[] = [];
  let end = -Infinity;
  for (const event of [...events].sort((a, b) => a.ts - b.ts || b.dur! - a.dur!)) {
    if (event.ts < end) continue;
    outermost.push(event);
    end = event.ts + event.dur!;
  }
  return outermost;
}
