import { add, constantOf, polynomial, scale, times, type Polynomial } from './polynomial';

/** Something wrong at a place of an expression: `at` counts characters from 0. */
export class ExpressionError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.name = 'ExpressionError';
    this.at = at;
  }
}

/** left − right ≤ 0, or = 0; `at` is the place of the relation. */
export interface Relation {
  kind: 'at most' | 'equal';
  difference: Polynomial;
  at: number;
}

interface Token {
  kind: 'number' | 'name' | 'operator' | 'relation' | 'end';
  text: string;
  at: number;
}

const pattern =
  /(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<relation><=|>=|=<|=>|==|=|≤|≥|<|>)|(?<operator>\*\*|[-+*/^()−·])/uy;

/** Powers beyond this are a slip of the hand, and their expansion would not end. */
const highestPower = 12;
const mostTerms = 100_000;

/**
 * Expressions of the format `bilevel/1`: numbers, names of variables, + − * / ^ and parentheses, multiplied out to a polynomial. A sum
 * binds less than a product, a product less than a sign, and a sign less than a power, which binds to the right: −x^2 = −(x^2).
 */
export class ExpressionReader {
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** @throws ExpressionError naming the place where the text is no polynomial in the variables */
  expression(text: string): Polynomial {
    const parser = new Parser(text, this.#names);
    const result = parser.sum();
    parser.end('an expression');
    return result;
  }

  /** Two expressions with `<=`, `>=` or `=` between them. */
  relation(text: string): Relation {
    const parser = new Parser(text, this.#names);
    const left = parser.sum();
    const { kind, text: sign, at } = parser.next();
    if (kind !== 'relation') throw new ExpressionError('A constraint has one <= or >= between two expressions', at);
    if (sign === '<' || sign === '>')
      throw new ExpressionError(`Strict inequalities have no closed feasible set; write ${sign}=`, at);
    const right = parser.sum();
    parser.end('a constraint');
    const isLess = ['<=', '=<', '≤'].includes(sign);
    const isEqual = ['=', '=='].includes(sign);
    const difference = isLess || isEqual ? add(left, scale(right, -1)) : add(right, scale(left, -1));
    return { kind: isEqual ? 'equal' : 'at most', difference, at };
  }
}

/** Recursive descent, one method a level of binding. */
class Parser {
  readonly #tokens: Token[];
  readonly #names: readonly string[];
  #position = 0;

  constructor(text: string, names: readonly string[]) {
    this.#tokens = tokensOf(text);
    this.#names = names;
  }

  next(): Token {
    return this.#tokens[this.#position++];
  }

  end(what: string): void {
    const { kind, text, at } = this.#peek();
    if (kind === 'end') return;
    if (kind === 'number' || kind === 'name' || text === '(')
      throw new ExpressionError(`There is no operator before “${text}”; products are written with *`, at);
    throw new ExpressionError(`“${text}” does not belong here: it is not part of ${what}`, at);
  }

  sum(): Polynomial {
    let result = this.#product();
    for (;;) {
      if (this.#takes('+')) result = add(result, this.#product());
      else if (this.#takes('-', '−')) result = add(result, scale(this.#product(), -1));
      else return result;
    }
  }

  #product(): Polynomial {
    let result = this.#signed();
    for (;;) {
      const { at } = this.#peek();
      if (this.#takes('*', '·')) result = this.#limited(times(result, this.#signed(), at), at);
      else if (this.#takes('/')) {
        const divisor = constantOf(this.#signed());
        if (divisor === null)
          throw new ExpressionError('Division by an expression with variables is not a polynomial', at);
        if (divisor === 0) throw new ExpressionError('Division by zero', at);
        result = scale(result, 1 / divisor);
      } else return result;
    }
  }

  #signed(): Polynomial {
    if (this.#takes('-', '−')) return scale(this.#signed(), -1);
    if (this.#takes('+')) return this.#signed();
    return this.#power();
  }

  #power(): Polynomial {
    const base = this.#atom();
    const { at } = this.#peek();
    if (!this.#takes('^', '**')) return base;
    const exponent = constantOf(this.#signed());
    if (exponent === null || !Number.isInteger(exponent) || exponent < 0 || exponent > highestPower)
      throw new ExpressionError(
        `A power is a whole number from 0 to ${highestPower}${exponent === null ? ', not an expression' : `, not ${exponent}`}`,
        at,
      );
    let result = constant(1, at);
    for (let k = 0; k < exponent; k++) result = this.#limited(times(result, base, at), at);
    return result;
  }

  #atom(): Polynomial {
    const { kind, text, at } = this.next();
    if (kind === 'number') {
      const value = Number(text);
      if (!Number.isFinite(value)) throw new ExpressionError(`“${text}” is too large for a number`, at);
      return constant(value, at);
    }
    if (kind === 'name') {
      const index = this.#names.indexOf(text);
      if (index >= 0) return polynomial([{ coefficient: 1, variables: [index], at }]);
      throw new ExpressionError(`“${text}” is no variable; the variables are ${this.#names.join(', ')}`, at);
    }
    if (text === '(') {
      const inside = this.sum();
      const closing = this.#peek();
      if (!this.#takes(')'))
        throw new ExpressionError('A parenthesis is not closed', closing.kind === 'end' ? at : closing.at);
      return inside;
    }
    throw new ExpressionError(
      kind === 'end' ? 'The expression ends too early' : `A number, a variable or “(” belongs here, not “${text}”`,
      at,
    );
  }

  #limited(result: Polynomial, at: number): Polynomial {
    if (result.size > mostTerms) throw new ExpressionError(`Multiplied out this has more than ${mostTerms} terms`, at);
    for (const { coefficient } of result.values())
      if (!Number.isFinite(coefficient))
        throw new ExpressionError('Multiplied out this has a coefficient that is too large', at);
    return result;
  }

  #peek(): Token {
    return this.#tokens[this.#position];
  }

  #takes(...texts: string[]): boolean {
    const { kind, text } = this.#peek();
    if (kind !== 'operator' || !texts.includes(text)) return false;
    this.#position++;
    return true;
  }
}

const constant = (value: number, at: number): Polynomial => polynomial([{ coefficient: value, variables: [], at }]);

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    if (/\s/u.test(text[at])) {
      at++;
      continue;
    }
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) throw new ExpressionError(`“${String.fromCodePoint(text.codePointAt(at)!)}” means nothing here`, at);
    const [kind] = Object.entries(match.groups!).find(([, found]) => found !== undefined)! as [Token['kind'], string];
    tokens.push({ kind, text: match[0], at });
    at += match[0].length;
  }
  return [...tokens, { kind: 'end', text: '', at: text.length }];
}
