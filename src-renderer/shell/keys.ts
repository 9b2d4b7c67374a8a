const typing = new Set(['INPUT', 'TEXTAREA', 'SELECT']);

/** Single-letter shortcuts must not fire while somebody writes. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return target !== null && (typing.has(target.tagName) || target.isContentEditable);
}

export const isMac = navigator.platform.startsWith('Mac');
export const modifier = isMac ? '⌘' : 'Ctrl';

export interface Shortcut {
  keys: string[];
  what: string;
}

export const shortcuts: { title: string; list: Shortcut[] }[] = [
  {
    title: 'Everywhere',
    list: [
      { keys: [modifier, 'K'], what: 'Command palette' },
      { keys: ['?'], what: 'Keyboard shortcuts' },
      { keys: ['g', 'p'], what: 'Go to problems' },
      { keys: ['g', 'o'], what: 'Go to solve (optimum)' },
      { keys: ['g', 'r'], what: 'Go to runs' },
      { keys: ['g', 'c'], what: 'Go to compare' },
      { keys: ['g', 't'], what: 'Go to studies' },
      { keys: ['g', 'a'], what: 'Go to the gradient audit' },
      { keys: ['g', 'd'], what: 'Go to devices' },
      { keys: ['g', 's'], what: 'Go to settings' },
      { keys: ['n'], what: 'New run' },
      { keys: ['Esc'], what: 'Close what is open' },
    ],
  },
  {
    title: 'Runs',
    list: [
      { keys: ['j', 'k'], what: 'Next, previous run' },
      { keys: ['Space'], what: 'Preview' },
      { keys: ['Enter'], what: 'Open' },
      { keys: ['x'], what: 'Select' },
      { keys: [modifier, 'A'], what: 'Select all' },
      { keys: ['c'], what: 'Compare the selected' },
      { keys: ['/'], what: 'Filter' },
      { keys: ['Tab', 'Enter'], what: 'Sort by a column, on its heading' },
    ],
  },
  {
    title: 'Problems',
    list: [
      { keys: ['↑', '↓'], what: 'Next, previous dataset or instance; step a number' },
      { keys: ['Enter'], what: 'Open the dataset' },
      { keys: [modifier, 'Enter'], what: 'Generate; in a new run, start' },
    ],
  },
  {
    title: 'Run',
    list: [
      { keys: ['p'], what: 'Pause or resume' },
      { keys: ['1', '–', '7'], what: 'The tabs, from the left' },
      { keys: ['e'], what: 'Clone and edit' },
    ],
  },
  {
    title: 'Compare',
    list: [
      { keys: ['↑', '↓'], what: 'Next, previous entry of the list' },
      { keys: ['Alt', '↑', '↓'], what: 'Move it' },
      { keys: ['Space'], what: 'Hide or show it' },
      { keys: ['b'], what: 'Use as baseline' },
      { keys: ['Delete'], what: 'Remove it' },
      { keys: ['←', '→'], what: 'Step through epochs' },
    ],
  },
  {
    title: 'Solve',
    list: [
      { keys: ['↑', '↓'], what: 'Next, previous example' },
      { keys: ['←', '→'], what: 'Step through the iterates, on the slider' },
      { keys: [modifier, 'Enter'], what: 'Solve the pasted problem' },
    ],
  },
  {
    title: 'Charts',
    list: [
      { keys: ['drag'], what: 'Zoom into a range' },
      { keys: ['Shift', 'drag'], what: 'Move along the axis' },
      { keys: [modifier, 'wheel'], what: 'Zoom at the pointer' },
      { keys: ['double-click'], what: 'Reset zoom' },
      { keys: ['←', '→'], what: 'Step through samples' },
    ],
  },
];
