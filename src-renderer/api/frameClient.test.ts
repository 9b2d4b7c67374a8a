import { describe, expect, test, vi } from 'vitest';
import type { Problem } from '@shared/errors';
import { decodeFrame, encodeFrame, encodeJson, frameTypes, type Frame, type SeriesRequest } from '@shared/frames';
import { portPair, type Port } from '@shared/port';
import { FrameClient } from './frameClient';

const spec: SeriesRequest = { kind: 'series', run: 'r', clock: 'step', x: 'step', metrics: ['loss'] };

/** A server that only notes what it is sent. */
function connect(client: FrameClient): { server: Port; sent: Frame[] } {
  const [port, server] = portPair();
  const sent: Frame[] = [];
  server.onMessage((message) => sent.push(decodeFrame(message as Uint8Array)));
  client.attach(port);
  return { server, sent };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
const types = (frames: Frame[]) => frames.map(({ type }) => type);

describe('frame client', () => {
  test('asks for the next frame only after the last was handled', async () => {
    const client = new FrameClient();
    const { server, sent } = connect(client);
    let handled: () => void = () => undefined;
    client.subscribe(spec, () => new Promise<void>((resolve) => (handled = resolve)));
    await settle();
    expect(types(sent)).toEqual([frameTypes.subscribe, frameTypes.credit]);
    server.send(encodeFrame(frameTypes.data, sent[0].stream, new Uint8Array([1])));
    await settle();
    expect(sent).toHaveLength(2);
    handled();
    await settle();
    expect(types(sent).slice(2)).toEqual([frameTypes.credit]);
  });

  test('starts its streams again, and only those, on the next connection', async () => {
    const client = new FrameClient();
    client.subscribe({ ...spec, run: 'kept' }, () => undefined);
    const stop = client.subscribe({ ...spec, run: 'dropped' }, () => undefined);
    const first = connect(client);
    await settle();
    expect(types(first.sent)).toEqual([1, 3, 1, 3]);
    first.server.close();
    await settle();
    stop();
    const second = connect(client);
    await settle();
    expect(types(second.sent)).toEqual([frameTypes.subscribe, frameTypes.credit]);
    expect(new TextDecoder().decode(second.sent[0].payload)).toContain('"kept"');
  });

  test('a frame that comes after the stream was closed is dropped', async () => {
    const client = new FrameClient();
    const { server, sent } = connect(client);
    const onFrame = vi.fn();
    const stop = client.subscribe(spec, onFrame);
    await settle();
    stop();
    stop();
    server.send(encodeFrame(frameTypes.data, sent[0].stream, new Uint8Array([1])));
    await settle();
    expect(onFrame).not.toHaveBeenCalled();
    expect(types(sent)).toEqual([frameTypes.subscribe, frameTypes.credit, frameTypes.unsubscribe]);
    expect(client.size).toBe(0);
  });

  test('a view that throws closes its own stream and is told why; others go on', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const client = new FrameClient();
    const { server, sent } = connect(client);
    const problems: Problem[] = [];
    const onOther = vi.fn();
    client.subscribe(
      spec,
      () => {
        throw new Error('cannot draw');
      },
      undefined,
      (problem) => problems.push(problem),
    );
    client.subscribe(spec, onOther);
    await settle();
    const [broken, other] = sent.filter(({ type }) => type === frameTypes.subscribe).map(({ stream }) => stream);
    server.send(encodeFrame(frameTypes.data, broken));
    server.send(encodeFrame(frameTypes.data, other));
    await settle();
    expect(problems.map(({ what }) => what)).toEqual(['cannot draw']);
    expect(onOther).toHaveBeenCalledOnce();
    expect(sent.at(-2)).toMatchObject({ type: frameTypes.unsubscribe, stream: broken });
    logged.mockRestore();
  });

  test('an error frame closes the stream with its problem', async () => {
    const client = new FrameClient();
    const { server, sent } = connect(client);
    const problems: Problem[] = [];
    client.subscribe(
      spec,
      () => undefined,
      undefined,
      (problem) => problems.push(problem),
    );
    await settle();
    const problem: Problem = { code: 'not-found', what: 'No such run.' };
    server.send(encodeFrame(frameTypes.error, sent[0].stream, encodeJson(problem)));
    await settle();
    expect(problems).toEqual([problem]);
    expect(client.size).toBe(0);
  });
});
