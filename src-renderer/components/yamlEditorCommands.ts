import { EditorSelection, StateEffect, Transaction, type ChangeSet, type StateCommand } from '@codemirror/state';
import { EditorView, keymap, type ViewUpdate } from '@codemirror/view';

/** What an editor of a short text needs beside typing: indentation that follows, and undo. */
const indentUnit = '  ';

/** A new line begins where the last one did, and one step further after a key that opens a block. */
const newLine: StateCommand = ({ state, dispatch }) => {
  const change = state.changeByRange((range) => {
    const line = state.doc.lineAt(range.from);
    const before = line.text.slice(0, range.from - line.from);
    const indent = /^\s*/.exec(before)?.[0] ?? '';
    const insert = `\n${indent}${/:\s*(#.*)?$/.test(before) ? indentUnit : ''}`;
    return {
      changes: { from: range.from, to: range.to, insert },
      range: EditorSelection.cursor(range.from + insert.length),
    };
  });
  dispatch(state.update(change, { scrollIntoView: true, userEvent: 'input' }));
  return true;
};

/** Moves the selected lines by one step of indentation. */
const indentBy =
  (outwards: boolean): StateCommand =>
  ({ state, dispatch }) => {
    const lines = new Set<number>();
    for (const { from, to } of state.selection.ranges)
      for (let n = state.doc.lineAt(from).number; n <= state.doc.lineAt(to).number; n++) lines.add(n);
    const changes = [...lines].flatMap((n): { from: number; to?: number; insert?: string }[] => {
      const { from, text } = state.doc.line(n);
      if (!outwards) return [{ from, insert: indentUnit }];
      const width = Math.min(indentUnit.length, text.length - text.trimStart().length);
      return width > 0 ? [{ from, to: from + width }] : [];
    });
    dispatch(state.update({ changes, userEvent: 'input.indent' }));
    return true;
  };

const undoing = StateEffect.define<'undo' | 'redo'>();
/** Milliseconds within which typing is undone as one. */
const together = 600;

/** Undo and redo as stacks of inverted changes; a stretch of typing is one step. */
class UndoHistory {
  private undone: ChangeSet[] = [];
  private done: ChangeSet[] = [];
  private last = -Infinity;

  record(update: ViewUpdate): void {
    for (const transaction of update.transactions) {
      if (!transaction.docChanged) continue;
      const inverse = transaction.changes.invert(transaction.startState.doc);
      const kind = transaction.effects.find((effect) => effect.is(undoing))?.value as 'undo' | 'redo' | undefined;
      if (kind === 'undo') this.undone.push(inverse);
      else {
        const now = transaction.annotation(Transaction.time) ?? Date.now();
        const top = this.done.pop();
        if (kind === undefined && top && now - this.last < together) this.done.push(inverse.compose(top));
        else this.done.push(...(top ? [top] : []), inverse);
        if (kind === undefined) this.undone = [];
        this.last = kind === undefined ? now : -Infinity;
      }
    }
  }

  go(view: EditorView, kind: 'undo' | 'redo'): boolean {
    const changes = (kind === 'undo' ? this.done : this.undone).pop();
    this.last = -Infinity;
    if (!changes) return true;
    view.dispatch({ changes, effects: undoing.of(kind), scrollIntoView: true });
    return true;
  }
}

export function editorCommands() {
  const history = new UndoHistory();
  return [
    EditorView.updateListener.of((update) => history.record(update)),
    keymap.of([
      { key: 'Enter', run: newLine },
      { key: 'Tab', run: indentBy(false), shift: indentBy(true) },
      // Escape leaves the editor, so that Tab can be a key of the text without trapping the keyboard.
      { key: 'Escape', run: (view) => (view.contentDOM.blur(), true) },
      {
        key: 'Mod-z',
        run: (view) => history.go(view, 'undo'),
        shift: (view) => history.go(view, 'redo'),
        preventDefault: true,
      },
      { key: 'Mod-y', run: (view) => history.go(view, 'redo'), preventDefault: true },
    ]),
  ];
}
