import { createSharedComposable, useIntervalFn, useNow } from '@vueuse/core';

/** How long ago, in one short word: 12 s, 5 min, 3 h, 2 d, 4 mo. */
export function formatAge(iso: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 60) return `${Math.floor(minutes)} min`;
  const hours = minutes / 60;
  if (hours < 24) return `${Math.floor(hours)} h`;
  const days = hours / 24;
  if (days < 60) return `${Math.floor(days)} d`;
  if (days < 730) return `${Math.floor(days / 30.44)} mo`;
  return `${Math.floor(days / 365.25)} y`;
}

// Made once: a formatter costs a hundred times what formatting does.
const moments = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** A moment in full, for tooltips. */
export function formatMoment(iso: string | null): string {
  if (!iso) return '–';
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? '–' : moments.format(date);
}

/** One clock for all ages on a page. */
export const useSharedNow = createSharedComposable(() => useNow({ scheduler: (tick) => useIntervalFn(tick, 15_000) }));
