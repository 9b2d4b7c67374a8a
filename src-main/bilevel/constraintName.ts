import { subscript } from '@shared/format';

/** What rows and bounds of the lower level are called in texts; both count from 0, as entries of x and y do. */
export function constraintName({ kind, index }: { kind: 'inequality' | 'lower' | 'upper'; index: number }): string {
  return kind === 'inequality' ? `row ${index}` : `y${subscript(index)} at its ${kind} bound`;
}
