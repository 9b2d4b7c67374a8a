import type { PickleContext } from './pickleValues';

// How protocol 0 writes values: as lines of text, here already decoded as Latin-1.

const longestDigits = 160;
const specialNumbers = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
]);

/** The line of INT, LONG or FLOAT as Python writes it. @throws AdjointError `invalid-dataset` */
export function pythonNumber(opcode: 'I' | 'L' | 'F', line: string, context: PickleContext): number | bigint | boolean {
  if (opcode === 'I' && (line === '00' || line === '01')) return line === '01';
  if (opcode === 'F') {
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(line)) return Number(line);
    const special = specialNumbers.get(line);
    if (special === undefined) throw context.malformed('a number that is none');
    return special;
  }
  const digits = opcode === 'L' ? line.replace(/L$/, '') : line;
  if (!/^-?\d+$/.test(digits) || digits.length > longestDigits) throw context.malformed('an integer that is none');
  const value = BigInt(digits);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"' };

/** The line of STRING: a quoted Python 2 string. @throws AdjointError `invalid-dataset` */
export function stringLiteral(line: string, context: PickleContext): string {
  const body = /^(['"])(.*)\1$/s.exec(line)?.[2];
  if (body === undefined) throw context.malformed('a text without its quotes');
  context.spend(body.length * 2);
  return body.replace(/\\(x[0-9a-fA-F]{2}|.)/gs, (whole, escape: string) =>
    escape.length === 3 ? String.fromCharCode(Number.parseInt(escape.slice(1), 16)) : (escapes[escape] ?? whole),
  );
}

/** The line of UNICODE: Latin-1 with \uXXXX and \UXXXXXXXX for the rest. @throws AdjointError `invalid-dataset` */
export function rawUnicode(line: string, context: PickleContext): string {
  context.spend(line.length * 2);
  return line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long!, 16);
    if (code > 0x10ffff) throw context.malformed('a character that does not exist');
    return String.fromCodePoint(code);
  });
}
