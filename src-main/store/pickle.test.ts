import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AdjointError } from '@shared/errors';
import { temporaryDirectory } from './fixtures/examples';
import { seededRandom } from './fixtures/killing';
import { readPickle, type PickleArray, type PickleValue } from './pickle';
import { writePickle } from './pickleWriter';

interface Case {
  name: string;
  kind: 'array' | 'plain';
  pickle: string;
  dtype: string;
  shape: number[];
  values: (number | string | boolean)[];
}

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

function refusal(pickle: Uint8Array): AdjointError {
  try {
    readPickle(pickle);
  } catch (error) {
    if (error instanceof AdjointError) return error;
    throw error;
  }
  throw new Error('it was read');
}

/** Numbers as the fixture writes them: what JSON has no number for as text. */
const written = (value: number | bigint | string): number | string => {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number' && Number.isNaN(value)) return 'nan';
  if (value === Infinity) return 'inf';
  return value === -Infinity ? '-inf' : value;
};

describe.each(['numpy1', 'numpy2', 'protocol01'])('pickles of %s', (name) => {
  const { cases, numpy } = JSON.parse(fixture(`pickles-${name}.json`).toString()) as { numpy: string; cases: Case[] };
  if (name.startsWith('numpy')) it('come from that version', () => expect(numpy.startsWith(name.slice(-1))).toBe(true));

  it.each(cases.filter(({ kind }) => kind === 'array'))('$name', ({ pickle, dtype, shape, values }) => {
    const root = readPickle(Buffer.from(pickle, 'base64')) as Map<PickleValue, PickleValue>;
    const found = (root.get('a') as PickleArray).value;
    expect({ dtype: found.dtype, shape: found.shape }).toEqual({ dtype, shape });
    expect(Array.from<number | bigint | string, number | string>(found.data, written)).toEqual(
      values.map((value) => (typeof value === 'boolean' ? Number(value) : value)),
    );
  });

  it.each(cases.filter(({ kind }) => kind === 'plain'))('$name', ({ pickle }) => {
    const root = readPickle(Buffer.from(pickle, 'base64')) as Map<string, PickleValue>;
    expect(Object.fromEntries(root)).toEqual({
      none: null,
      yes: true,
      no: false,
      int: -7,
      big: 2 ** 40,
      huge: 2n ** 70n,
      float: 0.1,
      text: 'größer λ',
      bytes: Uint8Array.of(0, 255, 120, 121),
      'no bytes': new Uint8Array(0),
      list: [1, [2, 'a'], []],
      tuple: [1, 2, 3, 4],
      'no tuple': [],
      dict: new Map<string, unknown>([
        ['a', 1],
        ['b', new Map([['c', null]])],
      ]),
      set: new Set([1, 2]),
      frozen: new Set(['x']),
      bytearray: Uint8Array.of(97, 98),
      'numpy float': 0.1,
      'numpy int': -3,
      'numpy bool': true,
      'numpy float32': 0.5,
    });
  });
});

describe('a pickle that is not plain data', () => {
  it.each([
    ['a command', '\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.', '"posix.system"'],
    ['a command by stack', '\x80\x04\x8c\x02os\x8c\x06system\x93.', '"os.system"'],
    ['eval', '\x80\x02c__builtin__\neval\nX\x01\x00\x00\x001\x85R.', '"__builtin__.eval"'],
    ['a name of every object', '\x80\x02cconstructor\nconstructor\n.', '"constructor.constructor"'],
    ['a part of an allowed module', '\x80\x02cnumpy\nload\n.', '"numpy.load"'],
    ['an instance', '\x80\x02(isubprocess\nPopen\n.', '"subprocess.Popen"'],
    ['an instance of a class on the stack', '\x80\x02)\x81.', 'an instance of a class'],
    ['a call of what is no function', '\x80\x02X\x01\x00\x00\x00a)R.', 'a call of something that is not a function'],
    ['the array class, called', '\x80\x02cnumpy\nndarray\n)R.', 'a call of numpy.ndarray'],
    ['a state for a dict', '\x80\x02}(K\x01tb.', 'to set the state of something'],
    ['a registered extension', '\x80\x02\x82\x01.', 'a registered extension'],
    ['a persistent object', '\x80\x02X\x01\x00\x00\x00aQ.', 'a persistent object'],
    ['a buffer outside', '\x80\x05\x97.', 'a buffer outside the file'],
    ['a function as its value', '\x80\x02c_codecs\nencode\n.', '"_codecs.encode" as its value'],
  ])('is refused by the name of what it asks for: %s', (_, pickle, name) => {
    const { problem } = refusal(bytes(pickle));
    expect(problem.code).toBe('unsafe-pickle');
    expect(problem.what).toContain(name);
    expect(problem.fix).toContain('nothing was executed');
  });

  it.each([
    ['an array of complex numbers', 'c16', 'astype'],
    ['an array of dates', 'M8', 'astype'],
  ])('that is whole says what to save instead: %s', (_, code, fix) => {
    const pickle =
      'cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n(I1\nt' +
      `cnumpy\ndtype\n(V${code}\nI00\nI01\ntR(I3\nV<\nNNNI-1\nI-1\nI0\ntbI00\nVx\ntb.`;
    const { problem } = refusal(bytes(pickle));
    expect(problem.what).toContain(`an array of type ${code}`);
    expect(problem.fix).toContain(fix);
  });

  it('is refused for arrays of Python objects', () => {
    // pickle.dumps(numpy.array([None], dtype=object), 4) without its data.
    const pickle =
      '\x80\x04\x8c\x15numpy.core.multiarray\x8c\x0c_reconstruct\x93\x8c\x05numpy\x8c\x07ndarray\x93K\x00\x85C\x01b\x87R' +
      '(K\x01K\x01\x85\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02O8\x89\x88\x87R(K\x03\x8c\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]N\x61tb.';
    expect(refusal(bytes(pickle)).problem).toMatchObject({ code: 'unsafe-pickle' });
  });
});

describe('a damaged or hostile pickle', () => {
  it.each([
    ['nothing', ''],
    ['half an opcode', '\x80'],
    ['a length beyond the end', '\x80\x02X\xff\xff\xff\x7fabc.'],
    ['a length of 2⁶⁰', '\x80\x04\x8e\x00\x00\x00\x00\x00\x00\x00\x10abc.'],
    ['a frame beyond the end', '\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff.'],
    ['an integer of 4 GB', '\x80\x02\x8b\xff\xff\xff\xff.'],
    ['an unknown opcode', '\x80\x02\xff.'],
    ['no value', '\x80\x02.'],
    ['two values', '\x80\x02NN.'],
    ['a missing mark', '\x80\x02Nt.'],
    ['a memo that was never written', '\x80\x02h\x07.'],
    ['a key without a value', '\x80\x02}(Nu.'],
    ['a list as its own entry', '\x80\x02]q\x00h\x00a.'],
    ['text that is no integer', 'I1x\n.'],
    ['a text that is no number', 'Fconstructor\n.'],
    ['an integer of a million digits', `L${'9'.repeat(1_000_000)}L\n.`],
    ['a text without quotes', 'Sabc\n.'],
    ['a character that does not exist', 'V\\Uffffffff\n.'],
    ['a line without an end', 'I1'],
    ['a reference by name', 'N p__proto__\n.'],
    ['protocol 9', '\x80\x09N.'],
    ['text that is not UTF-8', '\x80\x02X\x01\x00\x00\x00\xff.'],
    ['a hundred thousand nested lists', `\x80\x02${']'.repeat(100_000)}${'a'.repeat(99_999)}.`],
    ['a hundred thousand marks', `\x80\x02${'('.repeat(100_000)}.`],
    ['a hundred thousand nested tuples', `\x80\x02)${'\x85'.repeat(100_000)}.`],
  ])('is refused quickly: %s', (_, pickle) => {
    const start = performance.now();
    expect(refusal(bytes(pickle)).code).toBe('invalid-dataset');
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('cannot grow far beyond its own length by repeating itself', () => {
    // One text of 1 MB, made into bytes again and again.
    const text = 'a'.repeat(1 << 20);
    const again = 'c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R0';
    const pickle = bytes(`\x80\x02X\x00\x00\x10\x00${text}q\x000${again.repeat(5000)}N.`);
    expect(refusal(pickle).problem.what).toContain('far more memory');
  });

  it.each(['pickles-numpy1.json', 'pickles-numpy2.json'])('never does worse than a named error (%s)', (name) => {
    const { cases } = JSON.parse(fixture(name).toString()) as { cases: Case[] };
    const random = seededRandom(11);
    let refused = 0;
    for (let round = 0; round < 4000; round++) {
      const victim = Buffer.from(cases[Math.floor(random() * cases.length)].pickle, 'base64');
      const flips = 1 + Math.floor(random() * 3);
      for (let i = 0; i < flips; i++) victim[Math.floor(random() * victim.length)] = Math.floor(random() * 256);
      const cut = random() < 0.3 ? victim.subarray(0, Math.floor(random() * victim.length)) : victim;
      const start = performance.now();
      try {
        readPickle(cut);
      } catch (error) {
        if (!(error instanceof AdjointError)) throw error;
        expect(['invalid-dataset', 'unsafe-pickle']).toContain(error.code);
        refused++;
      }
      expect(performance.now() - start).toBeLessThan(500);
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe('pickles written here', () => {
  const value = new Map([
    ['Q', { dtype: 'float64', shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, Number.NaN) }],
    ['train', { dtype: 'int64', shape: [2], data: BigInt64Array.of(1n, -5n) }],
    ['empty', { dtype: 'float64', shape: [0, 2], data: new Float64Array(0) }],
    ['names', { dtype: 'str', shape: [2], data: ['λ', 'abc'] }],
    ['flags', { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) }],
  ]);

  it('read back the same', () => {
    const root = readPickle(writePickle(value)) as Map<string, PickleArray>;
    for (const [name, array] of value) expect(root.get(name)!.value).toEqual(array);
  });

  it('are loaded by Python with numpy', (context) => {
    const directory = temporaryDirectory();
    const path = join(directory.path, 'a.pkl');
    writeFileSync(path, writePickle(value));
    const script = `
import sys, warnings
warnings.simplefilter('error')
try:
    import numpy
except ImportError:
    sys.exit(77)
import pickle, json
with open(sys.argv[1], 'rb') as f:
    d = pickle.load(f)
print(json.dumps({k: [str(v.dtype), list(v.shape), repr(v.tolist())] for k, v in d.items()}))`;
    const python = spawnSync('python3', ['-c', script, path], { encoding: 'utf8' });
    directory.remove();
    if (python.error || python.status === 77) {
      console.log('skipped: python3 with numpy is not installed here');
      return context.skip();
    }
    expect(python.stderr).toBe('');
    expect(JSON.parse(python.stdout)).toEqual({
      Q: ['float64', [2, 3], '[[1.0, 2.0, 3.0], [4.0, 5.0, nan]]'],
      train: ['int64', [2], '[1, -5]'],
      empty: ['float64', [0, 2], '[]'],
      names: ['<U3', [2], "['λ', 'abc']"],
      flags: ['bool', [2], '[True, False]'],
    });
  });
});
