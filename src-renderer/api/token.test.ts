import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

const fresh = async () => {
  vi.resetModules();
  return import('./token');
};

/** Channels of the pages of one test; they would go on answering in the next. */
const channels: BroadcastChannel[] = [];

beforeEach(() => {
  vi.stubGlobal(
    'BroadcastChannel',
    class extends BroadcastChannel {
      constructor(name: string) {
        super(name);
        channels.push(this);
      }
    },
  );
  sessionStorage.clear();
  history.replaceState(null, '', '/');
});
afterEach(() => {
  for (const channel of channels.splice(0)) channel.close();
  vi.unstubAllGlobals();
});

describe("the page's token", () => {
  test('leaves the address at once and survives a reload', async () => {
    history.replaceState(null, '', '/#token=abc_DEF-123');
    const { takeTokenFromAddress } = await fresh();
    expect(takeTokenFromAddress()).toBe('abc_DEF-123');
    expect(location.href).not.toContain('token');
    const { pageToken } = await fresh();
    expect(await pageToken()).toBe('abc_DEF-123');
  });

  test('leaves the rest of the address alone', async () => {
    history.replaceState(null, '', '/#/runs/x?token=abc');
    const { takeTokenFromAddress } = await fresh();
    expect(takeTokenFromAddress()).toBe('abc');
    expect(location.hash).toBe('#/runs/x');
  });

  test('is that of the address when the host was restarted with another', async () => {
    sessionStorage.setItem('adjoint-token', 'old');
    history.replaceState(null, '', '/#token=new');
    const { pageToken } = await fresh();
    expect(await pageToken()).toBe('new');
  });

  test('comes from another open tab when this one was opened by a link', async () => {
    sessionStorage.setItem('adjoint-token', 'shared');
    const first = await fresh();
    await first.pageToken();
    sessionStorage.clear();
    const second = await fresh();
    expect(await second.pageToken()).toBe('shared');
  });

  test('is missing when the page was opened without one', async () => {
    const { pageToken } = await fresh();
    expect(await pageToken()).toBeNull();
  });
});
