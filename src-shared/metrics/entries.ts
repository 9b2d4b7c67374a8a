import type { MetricDefinition } from './definition';

// What the files of the catalogue share.

export type Entry = Omit<MetricDefinition, 'kind' | 'clock'>;
const scalar =
  (clock: MetricDefinition['clock']) =>
  (entry: Entry): MetricDefinition => ({ ...entry, clock, kind: 'scalar' });

export const onStep = scalar('step');
export const onEpoch = scalar('epoch');
export const onSystem = scalar('system');
export const onDiagnostics = scalar('diagnostics');

/** The source of definitions that are not from a paper. */
export const ours = 'Adjoint, docs/methods.md';
