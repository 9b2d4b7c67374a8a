/**
 * Text with mathematics between dollar signs, as runs that both SVG and PDF can set. Of TeX this is what axis titles need: letters and Greek,
 * sub- and superscripts, accents, norms, a few operators and \text. KaTeX draws boxes with CSS; a figure needs real text.
 */

export interface TextRun {
  text: string;
  italic: boolean;
  /** 0 on the line, 1 a script, 2 a script's script: each is set smaller. */
  level: number;
  /** Above the base line, in ems of the text around. */
  rise: number;
}

const scriptScale = 0.7;
const riseOf = { '^': 0.38, _: -0.2 } as const;

/** Size of a run relative to the text around. */
export const runScale = (run: TextRun): number => Math.max(0.5, scriptScale ** run.level);

const symbols: Record<string, string> = {
  alpha: 'α', beta: 'β', gamma: 'γ', delta: 'δ', epsilon: 'ϵ', varepsilon: 'ε', zeta: 'ζ', eta: 'η', theta: 'θ', iota: 'ι', kappa: 'κ',
  lambda: 'λ', mu: 'μ', nu: 'ν', xi: 'ξ', pi: 'π', rho: 'ρ', sigma: 'σ', tau: 'τ', upsilon: 'υ', phi: 'φ', varphi: 'φ', chi: 'χ', psi: 'ψ',
  omega: 'ω', ell: 'ℓ',
}; // prettier-ignore

const uprightSymbols: Record<string, string> = {
  Gamma: 'Γ', Delta: 'Δ', Theta: 'Θ', Lambda: 'Λ', Xi: 'Ξ', Pi: 'Π', Sigma: 'Σ', Phi: 'Φ', Psi: 'Ψ', Omega: 'Ω',
  lVert: '‖', rVert: '‖', Vert: '‖', '|': '‖', lvert: '|', rvert: '|', '{': '{', '}': '}', '#': '#', '%': '%', $: '$', '&': '&', _: '_',
  langle: '⟨', rangle: '⟩', nabla: '∇', partial: '∂', infty: '∞', sum: '∑', prod: '∏', in: '\u2009∈\u2009', to: '\u2009→\u2009',
  le: '\u2009≤\u2009', leq: '\u2009≤\u2009', ge: '\u2009≥\u2009', geq: '\u2009≥\u2009', ne: '\u2009≠\u2009', approx: '\u2009≈\u2009', sim: '\u2009∼\u2009',
  pm: '±', times: '\u2009×\u2009', cdot: '·', star: '⋆', ast: '∗', top: '⊤', prime: '′', dots: '…', ldots: '…', '\\': ' ',
  ',': '\u2009', ':': '\u2005', ';': '\u2005', ' ': ' ', quad: '\u2003', '!': '', sqrt: '√', left: '', right: '', bigl: '', bigr: '', big: '',
}; // prettier-ignore

const functions = new Set([
  'cos',
  'sin',
  'tan',
  'log',
  'ln',
  'exp',
  'min',
  'max',
  'argmin',
  'relu',
  'rank',
  'cond',
  'det',
  'diag',
]);
const accents: Record<string, string> = {
  bar: '\u0304',
  overline: '\u0304',
  hat: '\u0302',
  tilde: '\u0303',
  dot: '\u0307',
  vec: '\u20d7',
};
const letters: Record<string, Record<string, string>> = {
  mathcal: { L: 'ℒ', H: 'ℋ', R: 'ℛ', F: 'ℱ', B: 'ℬ', E: 'ℰ', I: 'ℐ', M: 'ℳ' },
  mathbb: { R: 'ℝ', N: 'ℕ', Z: 'ℤ', Q: 'ℚ', C: 'ℂ', P: 'ℙ' },
};
const uprightGroups = new Set(['text', 'mathrm', 'operatorname', 'textrm', 'mathbf']);
const raised: Record<string, string> = { '⁰': '0', '¹': '1', '²': '2', '³': '3', '⁴': '4', '⁵': '5', '⁶': '6', '⁷': '7', '⁸': '8', '⁹': '9', '⁻': '−' }; // prettier-ignore

/** Runs of a text; what is not mathematics is upright, with Unicode's raised digits set as real superscripts. */
export function textRuns(source: string): TextRun[] {
  const runs: TextRun[] = [];
  source.split(/(?<!\\)\$/).forEach((part, i, parts) => {
    // A lone dollar sign is a dollar sign.
    if (i % 2 === 1 && i < parts.length - 1) runs.push(...new Parser(part).everything());
    else runs.push(...plainRuns((i > 0 && i % 2 === 1 ? `$${part}` : part).replaceAll('\\$', '$')));
  });
  return joined(runs);
}

/** The text alone, for file names and screen readers. */
export const plainText = (source: string): string =>
  textRuns(source)
    .map(({ text }) => text)
    .join('');

function plainRuns(text: string): TextRun[] {
  return (text.match(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|[^⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+/g) ?? []).map((part) => {
    const isRaised = part[0] in raised;
    return {
      text: isRaised ? [...part].map((character) => raised[character]).join('') : part,
      italic: false,
      level: isRaised ? 1 : 0,
      rise: isRaised ? riseOf['^'] : 0,
    };
  });
}

function joined(runs: readonly TextRun[]): TextRun[] {
  const kept: TextRun[] = [];
  for (const run of runs) {
    const last = kept.at(-1);
    if (run.text === '') continue;
    if (last && last.italic === run.italic && last.level === run.level && last.rise === run.rise) last.text += run.text;
    else kept.push({ ...run });
  }
  return kept;
}

/** Recursive descent over the mathematics between two dollar signs. What it does not know it writes as it stands, upright. */
class Parser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** A brace that nothing opened ends nothing. */
  everything(): TextRun[] {
    const runs = this.#all(0, 0);
    while (this.#at < this.#source.length) {
      this.#at++;
      runs.push(...this.#all(0, 0));
    }
    return runs;
  }

  #all(level: number, rise: number): TextRun[] {
    const runs: TextRun[] = [];
    while (this.#at < this.#source.length && this.#source[this.#at] !== '}') runs.push(...this.#item(level, rise));
    return runs;
  }

  #item(level: number, rise: number): TextRun[] {
    const character = this.#source[this.#at];
    if (character === '^' || character === '_') {
      this.#at++;
      const shift = riseOf[character] * scriptScale ** level;
      return this.#argument(level + 1, rise + shift);
    }
    if (character === '{') return this.#argument(level, rise);
    if (character === '\\') return this.#command(level, rise);
    this.#at++;
    const one = (text: string, italic = false): TextRun[] => [{ text, italic, level, rise }];
    if (character === '-') return one(level === 0 ? '\u2009−\u2009' : '−');
    if (character === '>' || character === '<' || character === '=' || character === '+')
      return one(level === 0 ? `\u2009${character}\u2009` : character);
    if (character === ',') return one(',\u2009');
    if (character === ':') return one(':\u2009');
    if (/\s/.test(character)) return [];
    return one(character, /[a-z]/i.test(character));
  }

  /** A group in braces, or one item. */
  #argument(level: number, rise: number): TextRun[] {
    while (this.#source[this.#at] === ' ') this.#at++;
    if (this.#at >= this.#source.length) return [];
    if (this.#source[this.#at] !== '{') return this.#item(level, rise);
    this.#at++;
    const runs = this.#all(level, rise);
    this.#at++;
    return runs;
  }

  #command(level: number, rise: number): TextRun[] {
    const name = /^\\([a-zA-Z]+|.)?/.exec(this.#source.slice(this.#at))?.[1] ?? '';
    this.#at += 1 + name.length;
    const upright = (text: string): TextRun[] => [{ text, italic: false, level, rise }];
    if (name in symbols) return [{ text: symbols[name], italic: true, level, rise }];
    if (name in uprightSymbols) return upright(uprightSymbols[name]);
    if (functions.has(name)) return upright(/^[\s{(^_]/.test(this.#source[this.#at] ?? '(') ? name : `${name}\u2009`);
    if (uprightGroups.has(name)) return upright(this.#verbatim());
    if (name in letters) return this.#argument(level, rise).map((run) => this.#inAlphabet(run, letters[name]));
    if (name in accents) {
      const [first, ...rest] = this.#argument(level, rise);
      return first ? [{ ...first, text: first.text + accents[name] }, ...rest] : [];
    }
    if (/^[td]?frac$/.test(name))
      return [...this.#argument(level, rise), ...upright('/'), ...this.#argument(level, rise)];
    return upright(name);
  }

  #inAlphabet(run: TextRun, alphabet: Record<string, string>): TextRun {
    const text = [...run.text].map((letter) => alphabet[letter] ?? letter).join('');
    return { ...run, text, italic: text === run.text };
  }

  /** The text of a group as it is written, spaces included. */
  #verbatim(): string {
    if (this.#source[this.#at] !== '{') return '';
    let depth = 0;
    const from = this.#at + 1;
    for (; this.#at < this.#source.length; this.#at++) {
      if (this.#source[this.#at] === '{') depth++;
      else if (this.#source[this.#at] === '}' && --depth === 0) break;
    }
    const text = this.#source.slice(from, this.#at);
    this.#at++;
    return text.replace(/\\(.)/g, '$1');
  }
}
