import type { AuditCell, BackwardName, LayerAudit, LayerAuditAsk, LayerPath, LayerPathAsk } from '@shared/layerAudit';
import { auditReference, auditWay, type AuditReference } from '../layers/leastSquares/audit';
import { innerPath, pathPicture } from '../layers/leastSquares/innerPath';
import { defaultLeastSquaresLayerSettings, type BackwardMode } from '../layers/leastSquares/settings';
import { objectiveGradients } from '../training/techniques/theseusLayer/evaluation';
import { rowsOf } from '../training/techniques/theseusLayer/rows';
import { auditedOutputs, type FoundAuditSource } from './layerAuditSource';

/** Backward modes that exist in each mode of the layer. */
const backwards: Record<AuditCell['mode'], readonly BackwardName[]> = {
  anchored: ['unroll', 'truncated', 'implicit', 'implicitNewton', 'dlm'],
  project: ['unroll', 'implicit'],
};

/** A new state of the answer is given at most this often. */
const partMs = 150;

/** The audit, cell by cell: every part is the whole answer so far. */
export async function* layerAudit(ask: LayerAuditAsk, source: FoundAuditSource): AsyncGenerator<LayerAudit> {
  const outputs = await auditedOutputs(source, ask, 0, ask.instances);
  const { problem, anchor, x, solver } = outputs;
  const rows = rowsOf(problem);
  const size = outputs.instances.length;
  const audited = {
    ...{ rows, solver, batch: { size, anchor, x } },
    cotangentOf: (y: Float64Array) => objectiveGradients(problem, y),
  };
  const modes = ['anchored', 'project'] as const;
  const count = modes.reduce((sum, mode) => sum + backwards[mode].length, 0);
  const answer: LayerAudit = {
    ...{ name: outputs.name, about: outputs.about, own: outputs.own, warnings: outputs.warnings },
    dims: { n: problem.n, e: problem.e, rows: rows.h.length },
    instances: outputs.instances,
    damping: solver.descent.kind === 'levenbergMarquardt' ? solver.descent.damping : 0,
    adaptive: solver.search.kind === 'gainRatio',
    ...{ done: 0, total: count * ask.iterations.length * ask.anchorWeights.length, cells: [], references: [] },
  };
  let shown = performance.now();
  for (const mode of modes)
    for (const anchorWeight of ask.anchorWeights) {
      const reference = auditReference(audited, mode, anchorWeight);
      answer.references.push({
        ...{ mode, anchorWeight, differences: finite(reference.differences) },
        ...{ iterations: reference.iterations, norm: reference.norm },
      });
      for (const backward of backwards[mode])
        for (const iterations of ask.iterations) {
          const way = { mode, backward: backwardOf(backward, ask, iterations), iterations, anchorWeight };
          answer.cells.push({ ...{ mode, backward, iterations, anchorWeight }, ...cellOf(audited, way, reference) });
          answer.done++;
          if (performance.now() - shown < partMs) continue;
          shown = performance.now();
          yield { ...answer, cells: [...answer.cells], references: [...answer.references] };
        }
    }
  yield answer;
}

type Way = Parameters<typeof auditWay>[1];

function cellOf(audited: Parameters<typeof auditWay>[0], way: Way, reference: AuditReference) {
  const { cosine, relativeError, normRatio, differences, seconds, bytes, violation, unconverged, ...rest } = auditWay(
    audited,
    way,
    reference,
  );
  return {
    ...rest,
    ...{ cosine: finite(cosine), relativeError: finite(relativeError), normRatio: finite(normRatio) },
    ...{ differences: finite(differences), seconds: finite(seconds), bytes, violation: finite(violation) },
    unconverged: finite(unconverged),
  };
}

const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);

function backwardOf(name: BackwardName, { last, epsilon }: LayerAuditAsk, iterations: number): BackwardMode {
  switch (name) {
    case 'unroll':
      return { kind: 'unroll' };
    case 'truncated':
      return { kind: 'truncated', last: Math.min(last, iterations) };
    case 'implicit':
      return { kind: 'implicit', hessian: 'gaussNewton' };
    case 'implicitNewton':
      return { kind: 'implicit', hessian: 'newton' };
    case 'dlm':
      return { kind: 'dlm', epsilon };
  }
}

/** Cells a side of the picture. */
const pictureSize = 72;

/** The inner iterates of one instance in a plane. */
export async function layerPath(ask: LayerPathAsk, source: FoundAuditSource): Promise<LayerPath> {
  const { problem, anchor, x, solver, instances } = await auditedOutputs(source, ask, ask.instance, 1);
  const { restoration } = defaultLeastSquaresLayerSettings;
  const settings = { mode: ask.mode, restoration, solver: { ...solver, maxIterations: ask.iterations } };
  const path = innerPath(rowsOf(problem), ask.anchorWeight, settings, anchor, x);
  const { places, s, t, objective, boundary } = pathPicture(path, pictureSize);
  return {
    ...{ instance: instances[0], status: path.status, s, t, size: pictureSize, objective: [...objective], boundary },
    iterates: path.points.map(({ phase, objective: value, gradient, violation, active, damping }, k) => ({
      ...{ phase, s: places[k][0], t: places[k][1], distance: places[k][2] },
      ...{ objective: value, gradient, violation, active, damping },
    })),
  };
}
