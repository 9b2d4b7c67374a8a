import { mount } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, nextTick, ref, type Ref } from 'vue';
import { AdjointError } from '@shared/errors';
import { usePreview, type Preview } from './usePreview';

interface Asked {
  question: { n: number };
  signal: AbortSignal;
  answer: (value: string) => void;
  fail: (error: unknown) => void;
}

let question: Ref<{ n: number } | null>;
let preview: Preview<string>;
let asked: Asked[];
let unmount: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  question = ref({ n: 1 });
  asked = [];
  const Page = defineComponent(() => {
    preview = usePreview(
      () => question.value,
      (input: { n: number }, signal) =>
        new Promise<string>((answer, fail) => asked.push({ question: { ...input }, signal, answer, fail })),
    );
    return () => null;
  });
  const wrapper = mount(Page);
  unmount = () => wrapper.unmount();
});
afterEach(() => {
  unmount();
  vi.useRealTimers();
});

const settle = async (milliseconds: number) => {
  await nextTick();
  await vi.advanceTimersByTimeAsync(milliseconds);
};

describe('a live preview', () => {
  it('asks at once, then only when nobody changes anything for a moment', async () => {
    await settle(1);
    expect(asked).toHaveLength(1);
    for (const n of [2, 3, 4]) {
      question.value = { n };
      await settle(100);
    }
    await settle(250);
    expect(asked.map(({ question: { n } }) => n)).toEqual([1, 4]);
  });

  it('calls an older question off and never shows its answer', async () => {
    await settle(1);
    question.value = { n: 2 };
    await settle(300);
    expect(asked[0].signal.aborted).toBe(true);
    asked[1].answer('two');
    asked[0].answer('one');
    await settle(0);
    expect(preview.answer.value).toBe('two');
    expect(preview.stale.value).toBe(false);
  });

  it('keeps the last answer, marked as stale, while the next is computed', async () => {
    await settle(1);
    asked[0].answer('one');
    await settle(0);
    question.value = { n: 2 };
    await nextTick();
    expect(preview.stale.value).toBe(true);
    expect(preview.answer.value).toBe('one');
  });

  it('says what went wrong, and asks again when told to', async () => {
    await settle(1);
    asked[0].fail(new AdjointError('bad-request', 'Too large.'));
    await settle(0);
    expect(preview.problem.value?.what).toBe('Too large.');
    preview.again();
    await settle(1);
    asked[1].answer('one');
    await settle(0);
    expect(preview.problem.value).toBeNull();
  });

  it('asks nothing while there is no question', async () => {
    question.value = null;
    await settle(500);
    expect(asked).toHaveLength(0);
    expect(preview.stale.value).toBe(true);
  });
});
