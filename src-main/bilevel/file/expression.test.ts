import { expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { ExpressionError, ExpressionReader } from './expression';
import { degreeOf, termText, type Polynomial } from './polynomial';

const names = ['x1', 'x2', 'y1'];
const reader = new ExpressionReader(names);

const valueAt = (a: Polynomial, point: number[]): number =>
  [...a.values()].reduce(
    (sum, { coefficient, variables }) => sum + variables.reduce((value, i) => value * point[i], coefficient),
    0,
  );

it.each([
  '-x1^2 + 3',
  '2*x1 - -y1 + +x2',
  '(x1 - 5)^2 + (2*y1 + 1)^2',
  '0.5*((x1-1)^2+(x2-1)^2)/2 - x1*y1*3',
  '1e-3*x1 + .5*x2*x1 - 2.5E+1',
  '-(x1 - x2)*(x1 + x2)/-4',
  '((x1))^0 + y1^1',
  'x1 - x1 + (x2 - y1)*0',
  '2*3*x1/4/5',
])('%s has the values that JavaScript gives it', (text) => {
  const javaScript = new Function(
    ...names,
    `return ${text.replaceAll('^', '**').replace(/^-x1\*\*2/, '-(x1**2)')}`,
  ) as (...point: number[]) => number;
  const generator = new Generator(5);
  for (let k = 0; k < 5; k++) {
    const point = [...generator.standardNormals(3)];
    expect(valueAt(reader.expression(text), point)).toBeCloseTo(javaScript(...point), 12);
  }
});

it('terms that cancel are gone, and a term is written as a mathematician would', () => {
  expect(reader.expression('x1*x2 - x2*x1 + 1 - 1').size).toBe(0);
  const [term] = reader.expression('(3*x1^2)*y1').values();
  expect(termText(term, names)).toBe('3*x1^2*y1');
  expect(degreeOf(term)).toBe(3);
});

it('relations of both directions are differences that are at most 0', () => {
  const at = (text: string, point: number[]) => valueAt(reader.relation(text).difference, point);
  expect(at('x1 + 2 <= 2*y1', [1, 0, 5])).toBe(-7);
  expect(at('x1 + 2 >= 2*y1', [1, 0, 5])).toBe(7);
  expect(at('x1 ≤ 3', [1, 0, 5])).toBe(-2);
  expect(reader.relation('x1 = y1').kind).toBe('equal');
});

it.each<[string, string, number, 'expression' | 'relation']>([
  ['x1 + z3', 'no variable; the variables are x1, x2, y1', 5, 'expression'],
  ['2 x1', 'no operator before “x1”', 2, 'expression'],
  ['x1 * (x2 + 1', 'not closed', 5, 'expression'],
  ['x1 + )', 'belongs here, not “)”', 5, 'expression'],
  ['x1 +', 'ends too early', 4, 'expression'],
  ['', 'ends too early', 0, 'expression'],
  ['x1 / y1', 'Division by an expression', 3, 'expression'],
  ['x1 / (2 - 2)', 'Division by zero', 3, 'expression'],
  ['x1^0.5', 'not 0.5', 2, 'expression'],
  ['x1^y1', 'not an expression', 2, 'expression'],
  ['x1^-1', 'not -1', 2, 'expression'],
  ['x1 $ 2', '“$” means nothing', 3, 'expression'],
  ['1e999*x1', 'too large', 0, 'expression'],
  ['x1)', 'not part of an expression', 2, 'expression'],
  ['x1 <= 2', 'not part of an expression', 3, 'expression'],
  ['x1 + 2', 'has one <= or >=', 6, 'relation'],
  ['x1 < 2', 'write <=', 3, 'relation'],
  ['1 <= x1 <= 2', 'not part of a constraint', 8, 'relation'],
])('%j: %s, at character %i', (text, message, at, kind) => {
  try {
    reader[kind](text);
  } catch (error) {
    expect(error).toBeInstanceOf(ExpressionError);
    expect((error as ExpressionError).message).toContain(message);
    expect((error as ExpressionError).at).toBe(at);
    return;
  }
  expect.unreachable();
});
