import { median } from '@shared/statistics/summary';

/** What a forward and a backward pass take. */
export interface Times {
  fwd_s: number;
  fwd_bwd_s: number;
  /** Of the processors, all threads together: says more than `fwd_bwd_s` where other programs run. */
  cpu_s: number;
}

/** A peer's pass, with its result where that was asked for. */
export interface PeerAnswer extends Times {
  y?: number[];
  gradient?: number[];
}

/** A peer is slow: it is measured after every so many of our passes. */
const passesAPeer = 5;

/** One forward pass and the backward pass that follows it, with their times. */
export function timePass<Solved, Result>(forward: () => Solved, backward: (solved: Solved) => Result) {
  const before = process.cpuUsage();
  const began = performance.now();
  const forwards = forward();
  const solved = performance.now();
  const backwards = backward(forwards);
  const ended = performance.now();
  const { user, system } = process.cpuUsage(before);
  const times = { fwd_s: (solved - began) / 1000, fwd_bwd_s: (ended - began) / 1000, cpu_s: (user + system) / 1e6 };
  return { forwards, backwards, times };
}

/** Passes after warm-ups, at least one, between which a peer that is asked makes its own: the times of both, and the last pass of ours. */
export async function timePasses<Pass extends { times: Times }>(
  pass: () => Pass,
  { warmUps, repeats }: { warmUps: number; repeats: number },
  ask?: () => Promise<Times>,
): Promise<{ last: Pass; own: Times[]; theirs: Times[] }> {
  const [own, theirs]: [Times[], Times[]] = [[], []];
  let last = pass();
  for (let repeat = 1 - warmUps; repeat < repeats; repeat++) {
    last = pass();
    if (repeat < 0) continue;
    own.push(last.times);
    if (ask && repeat % passesAPeer === 0) theirs.push(await ask());
  }
  return { last, own, theirs };
}

export const medians = (times: readonly Times[]): Times => ({
  fwd_s: median(times.map(({ fwd_s }) => fwd_s)),
  fwd_bwd_s: median(times.map(({ fwd_bwd_s }) => fwd_bwd_s)),
  cpu_s: median(times.map(({ cpu_s }) => cpu_s)),
});

/** How many times faster than a peer, by the clock and in processor time. */
export const ratiosTo = (theirs: Times, own: Times) => ({
  ratio: theirs.fwd_bwd_s / own.fwd_bwd_s,
  cpu_ratio: theirs.cpu_s / own.cpu_s,
});
