import type { Estimate, StudyTable } from '@shared/studies';
import { timesFigure, tradeOffFigure, trainingFigure } from './allTechniquesFigures';
import { allTechniquesReading, allTechniquesWarnings } from './allTechniquesReading';
import { rowsOf, type TechniqueRow } from './allTechniquesRows';
import {
  type AllTechniquesSettings,
  allTechniquesSettings,
  type ArmName,
  arms,
  techniqueSweep,
} from './allTechniquesSweeps';
import { estimate, tail } from './estimates';
import type { Findings, LeftOut, Study } from './study';

export const allTechniques: Study<typeof allTechniquesSettings> = {
  name: 'all-techniques',
  title: 'All techniques on one dataset',
  question:
    'Which technique comes nearest to the optimum and to feasibility in the same time, what does an answer cost afterwards, and what does the exact solver take for it?',
  method:
    'Trains with every technique that can be used on the dataset, each at one setting, its default or the published one, from each seed. A run ends when its training steps have taken the given ' +
    'seconds; validation does not count. The gap is signed: an infeasible output may lie below the optimum. Gap, distance and violations are means over the last tenth of the validations. ' +
    'Time per instance is that of the trained network with its technique, from x to y, the validation set in one batch, on the run’s threads; the exact solver is that of the labels, in the same ' +
    'process, cold, one instance after the other on one thread.',
  settings: allTechniquesSettings,
  sweeps: (given) => given.techniques.map((name) => techniqueSweep(given, name)),
  leavesOutUnfit: true,
  analyse(settings, runs, leftOut = []): Findings {
    const rows = rowsOf(runs);
    const exact = estimate(runs.map((run) => tail(run, 'time/exact_solver')).filter(Number.isFinite));
    return {
      reading: allTechniquesReading(settings, rows, exact),
      warnings: allTechniquesWarnings(runs, rows),
      tables: tables(settings, rows, exact, leftOut),
      figures: [tradeOffFigure(rows), trainingFigure(settings, rows), timesFigure(rows, exact)],
    };
  },
};

function tables(
  settings: AllTechniquesSettings,
  rows: readonly TechniqueRow[],
  exact: Estimate,
  leftOut: readonly LeftOut[],
): StudyTable[] {
  const published = settings.protocol === 'published';
  return [
    {
      name: 'results',
      title: 'Gap and violation',
      caption:
        'Means over seeds with 95 % percentile bootstrap intervals, of each run over the last tenth of its validations. Largest violations are over the whole validation set. Violated: share of its ' +
        'instances with a violation above 1e-4.',
      columns: [
        { key: 'title', title: 'Technique' },
        { key: 'seeds', title: 'Seeds' },
        { key: 'gap', title: 'Gap' },
        { key: 'dist', title: 'Distance to y*' },
        { key: 'eqMax', title: 'Equality, largest' },
        { key: 'ineqMax', title: 'Inequality, largest' },
        { key: 'violated', title: 'Instances violated' },
      ],
      rows: rows.map(({ title, runs: { length }, gap, dist, eqMax, ineqMax, violated }) => ({
        ...{ title, seeds: length, gap, dist, eqMax, ineqMax, violated },
      })),
    },
    {
      name: 'times',
      title: 'Time',
      caption:
        'Steps and seconds of training; seconds from x to y for an instance after training; the exact solver’s seconds for an instance over those (above 1, the network is faster). Processors: ' +
        'processor seconds for each second of the clock, 1 where one thread had its core.' +
        (published
          ? ' All epochs: seconds that the whole published training takes on a core of its own, as far as this pace tells.'
          : ''),
      columns: [
        { key: 'title', title: 'Technique' },
        { key: 'steps', title: 'Steps' },
        { key: 'training', title: 'Training, s' },
        ...(published ? [{ key: 'whole', title: 'All epochs, s' }] : []),
        { key: 'inference', title: 'Instance, s' },
        { key: 'exact', title: 'Exact solver, s' },
        { key: 'speed', title: 'Exact / instance' },
        { key: 'processors', title: 'Processors' },
      ],
      rows: rows.map(({ title, steps, training, whole, inference, speed, processors: share }) => ({
        ...{ title, steps, training, whole, inference, exact, speed, processors: share },
      })),
    },
    {
      name: 'settings',
      title: 'Settings',
      caption: published
        ? 'The one setting of each technique, and the network, optimiser and length of training that it was published with.'
        : 'The one setting of each technique. Network, optimiser and batch are the same for all.',
      columns: [
        { key: 'title', title: 'Technique' },
        { key: 'technique', title: 'Setting' },
        { key: 'source', title: 'Source' },
        ...(published ? [{ key: 'training', title: 'Training' }] : []),
      ],
      rows: rows.map(({ name, title }) => settingsRow(name, title)),
    },
    ...(leftOut.length === 0
      ? []
      : [
          {
            name: 'left-out',
            title: 'Left out',
            caption: 'Techniques that cannot be used on this dataset, and why.',
            columns: [
              { key: 'title', title: 'Technique' },
              { key: 'reason', title: 'Reason' },
            ],
            rows: leftOut.map(({ sweep, reason }) => ({ title: arms[settings.techniques[sweep]].title, reason })),
          },
        ]),
  ];
}

function settingsRow(name: ArmName, title: string): StudyTable['rows'][number] {
  const { technique, source, published } = arms[name];
  const { network, optimizer, training } = published;
  const parts = (part: object) =>
    Object.entries(part)
      .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value).replaceAll('"', '') : value}`)
      .join(', ');
  return {
    ...{ title, technique: parts(technique) || 'as by default', source },
    training: `${parts({ ...network, ...optimizer, ...training })} (${published.source})`,
  };
}
