const key = 'adjoint-token';
const channelName = 'adjoint-token';
const inFragment = /[#&?]token=([\w-]+)/;

/**
 * The token that lets this page talk to its web host: from the address that the host printed (and then taken out of the
 * address bar and the history), from this tab's earlier visit, or from another open tab of the same host.
 */
export async function pageToken(): Promise<string | null> {
  const token = takeTokenFromAddress() ?? sessionStorage.getItem(key) ?? (await askOtherTabs());
  if (token === null) return null;
  sessionStorage.setItem(key, token);
  answerOtherTabs(token);
  return token;
}

/** Call before the router reads the address. Safe to call more than once. */
export function takeTokenFromAddress(): string | null {
  const found = inFragment.exec(location.hash);
  if (!found) return null;
  const rest = location.hash.replace(found[0], '');
  history.replaceState(history.state, '', location.pathname + location.search + (rest === '#' ? '' : rest));
  sessionStorage.setItem(key, found[1]);
  return found[1];
}

let channel: BroadcastChannel | undefined;

function answerOtherTabs(token: string): void {
  channel ??= new BroadcastChannel(channelName);
  channel.onmessage = (event: MessageEvent<unknown>) => {
    if (event.data === 'ask') channel?.postMessage({ token });
  };
}

/** A link opened in a new tab has no token of its own; a tab of the same origin may hand over its. */
function askOtherTabs(): Promise<string | null> {
  const asking = new BroadcastChannel(channelName);
  return new Promise<string | null>((resolve) => {
    const timer = setTimeout(() => resolve(null), 300);
    asking.onmessage = (event: MessageEvent<{ token?: unknown }>) => {
      if (typeof event.data.token !== 'string') return;
      clearTimeout(timer);
      resolve(event.data.token);
    };
    asking.postMessage('ask');
  }).finally(() => asking.close());
}
