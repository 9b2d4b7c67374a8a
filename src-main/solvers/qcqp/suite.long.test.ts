import { expect, it } from 'vitest';
import { generateQcqp, qcqpSettings, qcqpSuite, type QcqpSettings } from '../../modelling/families/qcqp';
import { QcqpSolver } from './solver';

const options: Partial<QcqpSettings>[] = [{}, { rank: 20, condition: 1e6 }, { hessians: 'dense' }];

it.each(Object.entries(qcqpSuite).flatMap(([name, size]) => options.map((option) => ({ name, size, option }))))(
  'suite $name with $option: every label within violation 1e-10 and relative gap 1e-9',
  ({ size, option }) => {
    const { family, X, N } = generateQcqp(qcqpSettings.parse({ ...size, ...option, instances: 24, seed: 7 }));
    const solver = new QcqpSolver(family);
    for (let i = 0; i < N; i++) {
      const { status, certificate, polishSteps } = solver.solve(X, i * family.e);
      expect(status).toBe('optimal');
      expect(certificate.violation).toBeLessThan(1e-10);
      expect(certificate.gap).toBeLessThan(1e-9);
      expect(polishSteps).toBeGreaterThan(0);
    }
  },
);
