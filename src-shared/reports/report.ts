import type { Figure, Provenance } from '../figures/spec';

/** The files that a report is written as. */
export const reportFormats = ['html', 'pdf'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** A report as plain data: what an HTML page and a PDF are written from. Numbers are texts already. */
export interface Report {
  title: string;
  /** The question, or what is compared: under the title. */
  lead: string;
  blocks: ReportBlock[];
  provenance: Provenance;
}

export type ReportBlock =
  | { kind: 'heading'; text: string }
  | { kind: 'text'; text: string }
  /** Findings, each with what it rests on; with tone `warning` what to keep in mind. */
  | { kind: 'list'; tone: 'plain' | 'warning'; items: { text: string; basis?: string }[] }
  | ReportTable
  | { kind: 'figure'; name: string; caption: string; figure: Figure }
  /** A text to be copied: an experiment file, a command. */
  | { kind: 'code'; title: string; text: string };

export interface ReportTable {
  kind: 'table';
  title: string;
  caption: string;
  columns: { title: string; numeric: boolean }[];
  rows: string[][];
  /** All digits, for whoever goes on with the numbers. */
  csv?: string;
}

/** Where a report's numbers come from, as blocks that end it. */
export function provenanceBlocks({ adjoint, commit, created, runs, datasets, notes }: Provenance): ReportBlock[] {
  const seeds = [...new Set(runs.flatMap(({ seed }) => seed ?? []))].sort((a, b) => a - b);
  const facts = [
    `Made by Adjoint ${adjoint}${commit ? ` (${commit.slice(0, 12)})` : ''} on ${created.slice(0, 10)}.`,
    ...(seeds.length > 0 ? [`Seeds: ${seeds.join(', ')}.`] : []),
    ...datasets.map(({ name, sha256 }) => `Dataset ${name}, SHA-256 ${sha256}.`),
    ...notes,
  ];
  return [
    { kind: 'heading', text: 'Provenance' },
    { kind: 'list', tone: 'plain', items: facts.map((text) => ({ text })) },
    ...(runs.length === 0
      ? []
      : [
          {
            kind: 'table' as const,
            title: 'Runs',
            caption: '',
            columns: [
              { title: 'Run', numeric: false },
              { title: 'Name', numeric: false },
              { title: 'Seed', numeric: true },
            ],
            rows: runs.map(({ id, name, seed }) => [id, name, seed === null ? '–' : String(seed)]),
          },
        ]),
  ];
}
