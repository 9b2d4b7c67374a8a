import { describe, expect, it } from 'vitest';
import type { StreamRequest } from '@shared/frames';
import { encodeFrameTable } from '../../testing/fakeFrames';
import { SeriesPool } from './seriesPool';

interface Stream {
  spec: StreamRequest;
  send: (values: Record<string, number[]>) => void;
  stopped: boolean;
}

function makePool(hold: () => boolean = () => false): { pool: SeriesPool; streams: Stream[] } {
  const streams: Stream[] = [];
  const pool = new SeriesPool(
    (spec, onFrame) => {
      const stream: Stream = {
        spec,
        stopped: false,
        send: (values) =>
          void onFrame(encodeFrameTable(new Map(Object.entries(values)), { offset: '0', level: '1', live: '0' })),
      };
      streams.push(stream);
      return () => (stream.stopped = true);
    },
    'step',
    600,
    hold,
  );
  return { pool, streams };
}

const a = { id: 'a', runs: ['a'], group: false };
const g = { id: 'g-1', runs: ['b', 'c'], group: true };
const wait = (milliseconds = 20) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const values = (part: { y: Float64Array } | null) => part && [...part.y];

describe('the series of many runs', () => {
  it('come in one stream for all panels that appear together', async () => {
    const { pool, streams } = makePool();
    pool.want(a, 'epoch', ['gap']);
    pool.want(a, 'epoch', ['eq']);
    pool.want(a, 'step', ['loss']);
    pool.want(g, 'epoch', ['gap']);
    pool.want(a, 'epoch', ['gap']);
    await wait();
    expect(streams.map(({ spec }) => [spec.kind, spec.clock, spec.metrics])).toEqual([
      ['series', 'epoch', ['gap', 'eq']],
      ['series', 'step', ['loss']],
      ['group', 'epoch', ['gap']],
    ]);
    expect(streams[2].spec).toMatchObject({ runs: ['b', 'c'] });
    streams[0].send({ x: [0, 1], gap: [3, 4], eq: [5, 6] });
    await wait();
    expect(values(pool.part('a', 'gap', false))).toEqual([3, 4]);
    expect(values(pool.part('a', 'eq', false))).toEqual([5, 6]);
    expect(pool.isLoaded('a', 'loss')).toBe(false);
    pool.close();
  });

  it('are shown coarse until their detail has come', async () => {
    const { pool, streams } = makePool();
    pool.want(a, 'step', ['loss']);
    await wait();
    streams[0].send({ x: [0, 100], loss: [1, 2] });
    pool.settle({ from: 40, to: 60 });
    expect(streams[1].spec).toMatchObject({ from: 30, to: 70, points: 1200 });
    expect(pool.covers({ from: 31, to: 51 })).toBe(true);
    expect(pool.covers({ from: 51, to: 71 })).toBe(false);
    await wait();
    expect(values(pool.part('a', 'loss', true))).toEqual([1, 2]);
    streams[1].send({ x: [40, 41], loss: [7, 8] });
    await wait();
    expect(values(pool.part('a', 'loss', true))).toEqual([7, 8]);
    expect(values(pool.part('a', 'loss', false))).toEqual([1, 2]);
    pool.settle(null);
    expect(streams[1].stopped).toBe(true);
    pool.close();
    expect(streams[0].stopped).toBe(true);
  });

  it('wait while a person moves something', async () => {
    let moving = true;
    const { pool, streams } = makePool(() => moving);
    pool.want(a, 'step', ['loss']);
    await wait();
    streams[0].send({ x: [0], loss: [1] });
    await wait(60);
    expect(pool.part('a', 'loss', false)).toBeNull();
    moving = false;
    await wait(80);
    expect(values(pool.part('a', 'loss', false))).toEqual([1]);
    pool.close();
  });

  it('are forgotten with their run, and fetched anew for a group that a run has joined', async () => {
    const { pool, streams } = makePool();
    pool.want(a, 'step', ['loss']);
    pool.want(g, 'step', ['loss']);
    await wait();
    const joined = { ...g, runs: ['b', 'c', 'd'] };
    pool.keep([joined]);
    expect(streams.map(({ stopped }) => stopped)).toEqual([true, true]);
    pool.want(joined, 'step', ['loss']);
    await wait();
    expect(streams[2].spec).toMatchObject({ runs: ['b', 'c', 'd'] });
    pool.close();
  });

  it('of a group stay on the screen until those of the group with the run that joined have come', async () => {
    const { pool, streams } = makePool();
    pool.want(g, 'step', ['loss']);
    await wait();
    streams[0].send({ x: [0, 1], loss: [1, 2] });
    await wait();
    const joined = { ...g, runs: ['b', 'c', 'd'] };
    pool.keep([joined]);
    pool.want(joined, 'step', ['loss']);
    await wait();
    expect(values(pool.part('g-1', 'loss', false))).toEqual([1, 2]);
    streams[1].send({ x: [0, 1], loss: [3, 4] });
    await wait();
    expect(values(pool.part('g-1', 'loss', false))).toEqual([3, 4]);
    pool.keep([]);
    expect(pool.part('g-1', 'loss', false)).toBeNull();
    pool.close();
  });
});
