import { extend, makeScale, noExtent, toAxis, tickLabel, type Scale, type ScaleType } from '@shared/charts/scale';
import { formatNumber } from '@shared/format';

export interface SpectrumFacts {
  largest: number;
  smallest: number;
  /** Eigenvalues that rounding can tell from zero. */
  rank: number;
  /** Largest over smallest nonzero eigenvalue. */
  condition: number;
}

/** What the eigenvalues of Q, descending, say of it. Zero is below ε n λ_max, as numpy's matrix_rank has it. */
export function spectrumFacts(eigenvalues: readonly number[]): SpectrumFacts | null {
  if (eigenvalues.length === 0) return null;
  const [largest] = eigenvalues;
  const tolerance = Number.EPSILON * eigenvalues.length * Math.abs(largest);
  const nonzero = eigenvalues.filter((value) => value > tolerance);
  return {
    largest,
    smallest: eigenvalues[eigenvalues.length - 1],
    rank: nonzero.length,
    condition: nonzero.length > 0 ? largest / nonzero[nonzero.length - 1] : Infinity,
  };
}

export interface SpectrumPicture {
  scale: Scale;
  points: { index: number; value: number; x: number; y: number; atFloor: boolean }[];
  ticks: { label: string; y: number }[];
  floor: { y: number } | null;
  path: string;
}

interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The spectrum in pixels; on a logarithmic axis zeros lie on a marked floor. */
export function spectrumPicture(eigenvalues: readonly number[], type: ScaleType, area: Area): SpectrumPicture {
  const facts = spectrumFacts(eigenvalues);
  const zero = facts ? Number.EPSILON * eigenvalues.length * Math.abs(facts.largest) : 0;
  const values = eigenvalues.map((value) => (Math.abs(value) <= zero ? 0 : value));
  const extent = noExtent();
  extend(extent, Float64Array.from(type === 'linear' ? [0, ...values] : values));
  const scale = makeScale(type, extent);
  const toY = (units: number) => area.y + area.height * (1 - (units - scale.low) / (scale.high - scale.low));
  const toX = (index: number) =>
    area.x + (values.length < 2 ? 0.5 : index / (values.length - 1)) * area.width;
  const points = values.map((value, index) => ({
    index: index + 1,
    value: eigenvalues[index],
    x: toX(index),
    y: toY(toAxis(scale, value)),
    atFloor: type === 'log' && value <= 0,
  }));
  return {
    scale,
    points,
    ticks: scale.ticks.map((tick) => ({ label: tickLabel(scale, tick), y: toY(tick) })),
    floor: scale.floor === null ? null : { y: toY(scale.floor) },
    path: points
      .filter(({ atFloor }) => !atFloor)
      .map(({ x, y }, k) => `${k === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`)
      .join(''),
  };
} // prettier-ignore

export const factWords = (facts: SpectrumFacts, n: number): string =>
  `λ ${formatNumber(facts.smallest, 3)} to ${formatNumber(facts.largest, 3)}, rank ${facts.rank} of ${n}, κ ${formatNumber(facts.condition, 3)}`;
