import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { EditorState, RangeSetBuilder, type Extension } from '@codemirror/state';
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** Colours are CSS variables, so that one style serves both themes. */
const highlighting = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.attributeName], color: 'var(--code-key)' },
  { tag: [tags.string, tags.content], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--code-number)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator], color: 'var(--text-3)' },
]);

export const editorTheme: Extension = [
  EditorView.theme({
    '&': { height: '100%', color: 'var(--text)', backgroundColor: 'transparent', fontSize: '12.5px' },
    '&.cm-focused': { outline: 'none' },
    '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '20px', overflow: 'auto' },
    '.cm-content': { padding: '8px 0', caretColor: 'var(--text)' },
    '.cm-cursor': { borderLeftColor: 'var(--text)' },
    '.cm-gutters': { paddingLeft: '8px', backgroundColor: 'transparent', color: 'var(--text-3)', border: 'none' },
    '.cm-activeLine': { backgroundColor: 'transparent' },
    '&.cm-focused .cm-activeLine': { backgroundColor: 'var(--hover)' },
    '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--text)' },
    '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
      backgroundColor: 'var(--accent-soft)',
    },
    '.cm-marked-line': { backgroundColor: 'var(--changed)', boxShadow: 'inset 2px 0 0 var(--accent)' },
    '.cm-tooltip': {
      border: '1px solid var(--border)',
      borderRadius: '6px',
      backgroundColor: 'var(--raised)',
      boxShadow: 'var(--shadow)',
    },
    '.cm-diagnostic': { padding: '6px 10px', borderLeft: 'none', fontFamily: 'var(--font-ui)' },
    '.cm-diagnosticAction': {
      padding: '2px 8px',
      marginLeft: '8px',
      borderRadius: '4px',
      backgroundColor: 'var(--accent)',
      color: 'var(--on-accent)',
    },
    '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--text)' },
    '.cm-foldPlaceholder': { border: 'none', backgroundColor: 'var(--hover)', color: 'var(--text-3)' },
  }),
  syntaxHighlighting(highlighting),
];

export function setup(readonly: boolean): Extension {
  // What can be scrolled must be reachable by keyboard, also where nothing can be written.
  const reachable = EditorView.contentAttributes.of({ tabindex: '0' });
  if (readonly) return [lineNumbers(), EditorState.readOnly.of(true), reachable];
  return [
    lineNumbers(),
    reachable,
    highlightActiveLine(),
    highlightActiveLineGutter(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    EditorState.tabSize.of(2),
    history(),
    keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
  ];
}

const marked = Decoration.line({ class: 'cm-marked-line' });

/** Lines to mark, counted from 1. */
export function highlightLines(lines: readonly number[]): Extension {
  return EditorView.decorations.of((view) => {
    const builder = new RangeSetBuilder<Decoration>();
    for (const line of [...lines].sort((a, b) => a - b))
      if (line >= 1 && line <= view.state.doc.lines) {
        const { from } = view.state.doc.line(line);
        builder.add(from, from, marked);
      }
    return builder.finish();
  });
}
