/** A monomial: how often each variable occurs, by index in rising order, as in [0, 0, 2] for x₀²x₂. */
export interface Term {
  coefficient: number;
  variables: readonly number[];
  /** Where in the text it was written: the first character of the number, name or operator that made it. */
  at: number;
}

/** Terms by their variables; none has coefficient 0. */
export type Polynomial = ReadonlyMap<string, Term>;

export function polynomial(terms: Iterable<Term>): Polynomial {
  const sum = new Map<string, Term>();
  for (const term of terms) {
    const key = term.variables.join(',');
    const before = sum.get(key);
    const coefficient = (before?.coefficient ?? 0) + term.coefficient;
    if (coefficient === 0) sum.delete(key);
    else sum.set(key, { ...(before ?? term), coefficient });
  }
  return sum;
}

export const add = (a: Polynomial, b: Polynomial): Polynomial => polynomial([...a.values(), ...b.values()]);

export const scale = (a: Polynomial, factor: number): Polynomial =>
  polynomial([...a.values()].map((term) => ({ ...term, coefficient: factor * term.coefficient })));

/** a·b; the terms of the product are at the place of the operator. */
export const times = (a: Polynomial, b: Polynomial, at: number): Polynomial =>
  polynomial(
    [...a.values()].flatMap((left) =>
      [...b.values()].map((right) => ({
        coefficient: left.coefficient * right.coefficient,
        variables: [...left.variables, ...right.variables].sort((i, j) => i - j),
        at: left.variables.length > 0 && right.variables.length > 0 ? at : Math.max(left.at, right.at),
      })),
    ),
  );

/** Its value where it has no variables, else null. */
export function constantOf(a: Polynomial): number | null {
  if (a.size === 0) return 0;
  const only = a.size === 1 ? a.get('') : undefined;
  return only ? only.coefficient : null;
}

export const coefficientOf = (a: Polynomial, ...variables: number[]): number =>
  a.get([...variables].sort((i, j) => i - j).join(','))?.coefficient ?? 0;

export const degreeOf = ({ variables }: Term): number => variables.length;

/** A term as it would be written: 3*x1^2*y1. */
export function termText({ coefficient, variables }: Term, names: readonly string[]): string {
  const powers = [...new Set(variables)].map((variable) => {
    const power = variables.filter((other) => other === variable).length;
    return names[variable] + (power > 1 ? `^${power}` : '');
  });
  return [...(coefficient === 1 && powers.length > 0 ? [] : [String(coefficient)]), ...powers].join('*');
}
