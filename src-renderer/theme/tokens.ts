/**
 * The design tokens: the only place where colours and sizes are written down. They become CSS variables on the root
 * element (`surface` → `--surface`), naive-ui's theme (naive.ts) and the colours of charts (components/charts/chartTheme.ts).
 *
 * Text colours keep AA contrast on `bg`, `surface` and `raised`. State colours are used for state only.
 */
export interface Tokens {
  /** Behind everything: rail and top bar. */
  bg: string;
  /** Content. */
  surface: string;
  /** Popovers and panels that float. */
  raised: string;
  /** Wells: inputs, code, tracks. */
  sunken: string;
  hover: string;
  selected: string;
  border: string;
  borderStrong: string;
  text: string;
  text2: string;
  text3: string;
  accent: string;
  accentHover: string;
  accentPressed: string;
  /** Text and icons in the accent colour on a surface. */
  accentText: string;
  accentSoft: string;
  onAccent: string;
  shadow: string;
  scrim: string;
  queued: string;
  running: string;
  paused: string;
  done: string;
  failed: string;
  crashed: string;
  cancelled: string;
  failedSoft: string;
  pausedSoft: string;
  /** Changed settings in configurations. */
  changed: string;
  grid: string;
  axis: string;
  codeKey: string;
  codeString: string;
  codeNumber: string;
  codeComment: string;
}

export const light: Tokens = {
  bg: '#f6f6f8',
  surface: '#ffffff',
  raised: '#ffffff',
  sunken: '#f3f3f6',
  hover: '#f1f1f5',
  selected: '#eeeefb',
  border: '#e3e4e9',
  borderStrong: '#cccfd8',
  text: '#17181c',
  text2: '#4b4f5a',
  text3: '#686d79',
  accent: '#5453c9',
  accentHover: '#4746b8',
  accentPressed: '#3b3a9f',
  accentText: '#4a49bd',
  accentSoft: '#ecebfb',
  onAccent: '#ffffff',
  shadow: '0 8px 28px rgba(20, 22, 35, 0.13), 0 1px 3px rgba(20, 22, 35, 0.09)',
  scrim: 'rgba(24, 25, 32, 0.28)',
  queued: '#686d79',
  running: '#0a66c2',
  paused: '#8f5d00',
  done: '#1a7a48',
  failed: '#c4232f',
  crashed: '#a3278f',
  cancelled: '#686d79',
  failedSoft: '#fdf0f0',
  pausedSoft: '#fdf6e6',
  changed: '#f0effc',
  grid: '#ececf0',
  axis: '#b9bcc6',
  codeKey: '#3d3ca8',
  codeString: '#1a6e43',
  codeNumber: '#a0470b',
  codeComment: '#656a76',
};

export const dark: Tokens = {
  bg: '#0e0f12',
  surface: '#141518',
  raised: '#1c1d22',
  sunken: '#0f1013',
  hover: '#1d1f24',
  selected: '#23233a',
  border: '#26282e',
  borderStrong: '#3a3d46',
  text: '#e7e8ec',
  text2: '#b0b4be',
  text3: '#8c919d',
  accent: '#5f5edb',
  accentHover: '#6665e2',
  accentPressed: '#5251c4',
  accentText: '#adacff',
  accentSoft: '#26264a',
  onAccent: '#ffffff',
  shadow: '0 10px 32px rgba(0, 0, 0, 0.55), 0 0 0 1px rgba(255, 255, 255, 0.05)',
  scrim: 'rgba(0, 0, 0, 0.5)',
  queued: '#949aa6',
  running: '#62aef7',
  paused: '#dba53c',
  done: '#4fbf82',
  failed: '#f2777c',
  crashed: '#e283d2',
  cancelled: '#949aa6',
  failedSoft: '#2b181b',
  pausedSoft: '#2a2213',
  changed: '#22223a',
  grid: '#222429',
  axis: '#464a54',
  codeKey: '#b0afff',
  codeString: '#7fcfa2',
  codeNumber: '#efa974',
  codeComment: '#868b97',
};

export const fonts = {
  ui: "'Inter Variable', system-ui, sans-serif",
  mono: "'JetBrains Mono Variable', ui-monospace, monospace",
} as const;

const kebab = (name: string) => name.replace(/[A-Z0-9]+/g, (part) => `-${part.toLowerCase()}`);

/** Writes the tokens as CSS variables. */
export function applyTokens(root: HTMLElement, tokens: Tokens, scheme: 'light' | 'dark'): void {
  for (const [name, value] of Object.entries(tokens)) root.style.setProperty(`--${kebab(name)}`, value as string);
  withoutTransitions(root);
  root.style.setProperty('--font-ui', fonts.ui);
  root.style.setProperty('--font-mono', fonts.mono);
  root.style.colorScheme = scheme;
  root.dataset.theme = scheme;
}

/** Colours change at once: components that fade, each in its own time, would show half of one theme and half of the other. */
function withoutTransitions(root: HTMLElement): void {
  root.classList.add('still');
  requestAnimationFrame(() => requestAnimationFrame(() => root.classList.remove('still')));
}
