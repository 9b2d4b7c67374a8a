import type { StudyInfo, StudyResult } from '../studies';
import { reportTable } from './cells';
import { provenanceBlocks, type Report } from './report';

/** A study with everything that it rests on: reading, tables, figures, experiment files, runs, seeds, datasets. */
export function studyReport(
  result: StudyResult,
  info: Pick<StudyInfo, 'name' | 'title' | 'question' | 'method'>,
): Report {
  const { reading, warnings, tables, figures, experiments, provenance, settings } = result;
  const assignments = Object.entries(settings).map(
    ([key, value]) => ` --set ${key}=${shellWord(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  return {
    title: info.title,
    lead: info.question,
    provenance,
    blocks: [
      { kind: 'text', text: info.method },
      ...(warnings.length > 0
        ? [
            { kind: 'heading' as const, text: 'What to keep in mind' },
            { kind: 'list' as const, tone: 'warning' as const, items: warnings.map((text) => ({ text })) },
          ]
        : []),
      { kind: 'heading', text: 'Reading' },
      { kind: 'list', tone: 'plain', items: reading },
      ...tables.map(reportTable),
      ...figures.map((figure) => ({ kind: 'figure' as const, ...figure })),
      { kind: 'heading', text: 'How to do it again' },
      { kind: 'code', title: 'Command', text: `adjoint study ${info.name}${assignments.join('')}` },
      ...experiments.map((text, i) => ({
        kind: 'code' as const,
        title: experiments.length > 1 ? `Experiment file ${i + 1}` : 'Experiment file',
        text,
      })),
      ...provenanceBlocks(provenance),
    ],
  };
}

const shellWord = (text: string): string =>
  /^[\w.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
