import { formatNumber, formatShort } from '@shared/format';
import type { StudyCell } from '@shared/studies';

/** A cell in two parts: its value, and the interval that is set smaller beside it. */
export function cellParts(cell: StudyCell | undefined): {
  value: string;
  interval: string;
  numeric: boolean;
  full: string;
} {
  if (cell === null || cell === undefined) return { value: '–', interval: '', numeric: true, full: '' };
  if (typeof cell === 'string') return { value: cell, interval: '', numeric: false, full: cell };
  if (typeof cell === 'number') return { value: formatShort(cell), interval: '', numeric: true, full: String(cell) };
  const { value, low, high } = cell;
  const bounds = low === null || high === null;
  return {
    value: formatNumber(value, 3),
    interval: bounds ? '' : `${formatNumber(low, 3)} … ${formatNumber(high, 3)}`,
    numeric: true,
    full: bounds ? String(value) : `${value} [${low}, ${high}]`,
  };
}
