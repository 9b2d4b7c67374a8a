import type { Column } from './columns';

/** A column with the width it gets, in pixels. */
export interface FittedColumn {
  column: Column;
  width: number;
}

/** The check box before, and what is left free behind. */
export const aroundColumns = 52;

/** Below these widths a column says nothing any more; others keep their own. */
const least: Record<string, number> = { name: 170, differs: 180, progress: 128 };
/** What more room is used for, and up to which width. */
const growing: Record<string, number> = { name: 420, differs: 520 };
/** What a narrow table does without first. */
const spared = ['device', 'active', 'kind'];
/** What it does without after the first metric. */
const sparedNext = ['differs'];
/** And after all metrics. */
const sparedLast = ['age', 'progress'];

/**
 * Columns for a table so many pixels wide (0 while it is not known). Wide columns give way to narrow tables and fill wide ones;
 * columns that nobody has chosen are left out where there is no room for them. What was chosen stays, and scrolls sideways.
 */
export function fitColumns(
  columns: readonly Column[],
  chosenWidths: Readonly<Record<string, number>>,
  available: number,
  mayLeaveOut: boolean,
): FittedColumn[] {
  const natural = ({ id, width }: Column): number => chosenWidths[id] ?? width;
  const leastOf = (column: Column): number =>
    chosenWidths[column.id] ?? Math.min(column.width, least[column.id] ?? column.width);
  const sum = (list: readonly Column[], of: (column: Column) => number): number =>
    list.reduce((total, column) => total + of(column), 0);
  const room = available - aroundColumns;
  if (available <= 0) return columns.map((column) => ({ column, width: natural(column) }));

  let kept = columns;
  if (mayLeaveOut) {
    const metrics = columns.filter(({ id }) => id.includes(':')).map(({ id }) => id);
    const [last, ...others] = metrics.reverse();
    for (const id of [...spared, last, ...sparedNext, ...others, ...sparedLast]) {
      if (sum(kept, leastOf) <= room) break;
      kept = kept.filter((column) => column.id !== id);
    }
  }
  const toNatural = share(room - sum(kept, leastOf), sum(kept, natural) - sum(kept, leastOf));
  const most = (column: Column): number =>
    chosenWidths[column.id] ?? Math.max(column.width, growing[column.id] ?? column.width);
  const toMost = share(room - sum(kept, natural), sum(kept, most) - sum(kept, natural));
  return kept.map((column) => {
    const [low, middle, high] = [leastOf(column), natural(column), most(column)];
    return { column, width: Math.floor(low + toNatural * (middle - low) + toMost * (high - middle)) };
  });
}

/** How far what is missing can be given, between not at all (0) and in full (1). */
const share = (given: number, missing: number): number =>
  missing <= 0 ? 1 : Math.min(1, Math.max(0, given / missing));

const perLetter = { name: 6.6, tag: 6.2 };
const aroundName = 32;
const aroundTag = 20;

/** How many of its tags can stand behind a run's name in a cell of this width: a name is not cut off for them. */
export function tagsBeside(name: string, tags: readonly string[], width: number): number {
  const more = tags.length > 0 ? aroundTag + 2 * perLetter.tag : 0;
  let room = width - aroundName - name.length * perLetter.name;
  let count = 0;
  for (const tag of tags) {
    room -= aroundTag + tag.length * perLetter.tag;
    if (room < (count + 1 < tags.length ? more : 0)) break;
    count++;
  }
  return count;
}
