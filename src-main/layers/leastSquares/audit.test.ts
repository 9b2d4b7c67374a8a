import { describe, expect, it } from 'vitest';
import { generateQcqp, qcqpSettings } from '../../modelling/families/qcqp';
import { Generator } from '@shared/random/generator';
import { auditReference, auditWay, type AuditedBatch } from './audit';
import { innerPath, pathPicture } from './innerPath';
import { defaultLeastSquaresLayerSettings as defaults, type BackwardMode } from './settings';
import { LeastSquaresLayer } from './leastSquaresLayer';

const { family, X } = generateQcqp(qcqpSettings.parse({ n: 12, m: 8, e: 5, instances: 3, seed: 4 }));
// The rows cut into what the network says, so that some are active.
family.h.fill(0.3);
const anchor = new Generator(7).standardNormals(36);
const audited: AuditedBatch = {
  rows: family,
  batch: { size: 3, anchor, x: X },
  cotangentOf: (y) => Float64Array.from(y, Math.cos),
  solver: defaults.solver,
};

describe.each(['anchored', 'project'] as const)('the exact gradient of the mode %s', (mode) => {
  const weight = 0.3;
  const reference = auditReference(audited, mode, weight);

  it('is that of central differences of the converged layer', () => {
    expect(reference.norm).toBeGreaterThan(0.1);
    expect(reference.differences).toBeLessThan(1e-5);
  });

  it('is what unroll comes to, and unroll is exact for its own iterations before', () => {
    const way = (iterations: number) => ({
      mode,
      backward: { kind: 'unroll' } as BackwardMode,
      iterations,
      anchorWeight: weight,
    });
    const [early, late] = [auditWay(audited, way(2), reference), auditWay(audited, way(40), reference)];
    expect(early.relativeError).toBeGreaterThan(1e-3);
    expect(early.differences).toBeLessThan(1e-5);
    expect(late.relativeError).toBeLessThan(1e-6);
    expect(late.cosine).toBeCloseTo(1, 10);
  });
});

it('a gradient that is identically zero is refused, and so is a mode that project does not have', () => {
  const reference = auditReference(audited, 'anchored', 0);
  const implicit = { kind: 'implicit', hessian: 'gaussNewton' } as const;
  const zero = auditWay(audited, { mode: 'anchored', backward: implicit, iterations: 5, anchorWeight: 0 }, reference);
  expect(zero.refused).toContain('exactly zero');
  const dlm = { kind: 'dlm', epsilon: 0.01 } as const;
  expect(
    auditWay(audited, { mode: 'project', backward: dlm, iterations: 5, anchorWeight: 1 }, reference).refused,
  ).toContain('not by dlm');
});

describe('the iterates of one instance', () => {
  const settings = { ...defaults, solver: { ...defaults.solver, maxIterations: 6 } };
  const path = innerPath(family, 0.3, settings, anchor.subarray(0, 12), X.subarray(0, 5));

  it('are those of the layer, from the network’s output to the restored point', () => {
    const layer = new LeastSquaresLayer(family, 0.3, settings);
    const { y, objective } = layer.forward({ size: 1, anchor: anchor.subarray(0, 12), x: X.subarray(0, 5) });
    const inner = path.points.filter(({ phase }) => phase === 'inner');
    expect(inner).toHaveLength(7);
    expect([...inner[0].y]).toEqual([...anchor.subarray(0, 12)]);
    expect(inner[6].objective).toBe(objective[0]);
    expect([...path.points.at(-1)!.y]).toEqual([...y]);
    expect(path.points.at(-1)!.violation).toBeLessThan(1e-8);
    expect(path.status).toBe('restoration converged');
  });

  it('lie in a picture whose plane holds the first and the last of them', () => {
    const { places, s, t, objective, boundary } = pathPicture(path, 24);
    const [first, last] = [places[0], places.at(-1)!];
    expect(first[2]).toBeLessThan(1e-6);
    expect(last.map(Math.abs)).toEqual([0, 0, 0]);
    for (const [a, b] of places) {
      expect(a >= s[0] && a <= s[1] && b >= t[0] && b <= t[1]).toBe(true);
    }
    // log₁₀ ½‖r‖² on the grid is never below its minimum over the iterates by much, and the boundary is where rows change sign.
    expect(Math.min(...objective)).toBeLessThan(Math.log10(path.points[0].objective));
    expect(boundary.length).toBeGreaterThan(0);
  });
});
