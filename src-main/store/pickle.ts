import { AdjointError } from '@shared/errors';
import {
  buildState,
  findGlobal,
  PickleArray,
  PickleDtype,
  PickleGlobal,
  type PickleContext,
  type PickleValue,
} from './pickleValues';

import { pythonNumber, rawUnicode, stringLiteral } from './pickleText';

export { PickleArray, type PickleValue } from './pickleValues';

const mark = Symbol('mark');
type StackItem = PickleValue | typeof mark;

const deepestNesting = 100;
const longestIntegerBytes = 64;
/** Decoded arrays, copies and collections may take this much, plus eight times the file. */
const smallBudget = 1 << 20;

/**
 * Reads a pickle of plain data, protocols 0 to 5: None, booleans, numbers, strings, bytes, lists, tuples, dicts, sets and
 * numpy arrays, scalars and dtypes (of numpy 1 and 2).
 *
 * This is an interpreter of the pickle opcodes that knows a dozen names and calls nothing of Python or Node. A pickle that
 * names anything else is refused by that name before anything is made of it. Memory and time grow with the file's length.
 *
 * @throws AdjointError `unsafe-pickle` naming what was asked for; `invalid-dataset` with the byte where it is damaged
 */
export function readPickle(bytes: Uint8Array): PickleValue {
  return new Unpickler(bytes).run();
}

class Unpickler implements PickleContext {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly memo = new Map<number, PickleValue>();
  private stack: StackItem[] = [];
  private readonly depths = new WeakMap<object, number>();
  private marks = 0;
  private at = 0;
  /** Where the current opcode began, for errors. */
  private opcodeAt = 0;
  private budget: number;

  constructor(bytes: Uint8Array) {
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.budget = bytes.length * 8 + smallBudget;
  }

  run(): PickleValue {
    for (;;) {
      this.opcodeAt = this.at;
      const opcode = this.byte();
      if (opcode === 0x2e) break; // STOP
      this.execute(opcode);
    }
    const result = this.pop();
    if (this.stack.length > 0) throw this.malformed('values that belong to nothing');
    if (result instanceof PickleGlobal) throw this.unsafe(`"${result.name}" as its value`);
    return result;
  }

  malformed(what: string): AdjointError {
    return new AdjointError('invalid-dataset', `The pickle is damaged: ${what} (byte ${this.opcodeAt}).`, {
      fix: 'Write the file again; it was probably not written or copied to its end.',
    });
  }

  unsupported(what: string, fix: string): AdjointError {
    return new AdjointError('invalid-dataset', `The pickle holds ${what} (byte ${this.opcodeAt}).`, { fix });
  }

  unsafe(name: string): AdjointError {
    return new AdjointError('unsafe-pickle', `The pickle asks for ${name} (byte ${this.opcodeAt}).`, {
      fix: 'Only numbers, text, lists, tuples, dicts, sets and numpy arrays are read; nothing was executed. Save just those, or use .npz.',
    });
  }

  spend(bytes: number): void {
    this.budget -= bytes;
    if (this.budget < 0) throw this.malformed('it would need far more memory than its length explains');
  }

  private execute(opcode: number): void {
    const char = String.fromCharCode(opcode);
    switch (char) {
      case '\x80': // PROTO
        return this.protocol(this.byte());
      case '\x95': // FRAME
        if (this.uint64() > this.bytes.length - this.at) throw this.truncated();
        return;
      case '(':
        return this.pushMark();
      case '0': // POP
        if (this.stack.at(-1) === mark) this.popItems();
        else this.pop();
        return;
      case '1': // POP_MARK
        this.popItems();
        return;
      case '2': // DUP
        return this.push(this.top());
      case 'N':
        return this.push(null);
      case '\x88':
        return this.push(true);
      case '\x89':
        return this.push(false);
      case 'G': // BINFLOAT
        return this.push(this.view.getFloat64(this.advance(8), false));
      case 'J': // BININT
        return this.push(this.view.getInt32(this.advance(4), true));
      case 'K': // BININT1
        return this.push(this.byte());
      case 'M': // BININT2
        return this.push(this.view.getUint16(this.advance(2), true));
      case '\x8a': // LONG1
        return this.push(this.integer(this.byte()));
      case '\x8b': // LONG4
        return this.push(this.integer(this.uint32()));
      case 'X': // BINUNICODE
        return this.push(this.text(this.uint32()));
      case '\x8c': // SHORT_BINUNICODE
        return this.push(this.text(this.byte()));
      case '\x8d': // BINUNICODE8
        return this.push(this.text(this.uint64()));
      case 'U': // SHORT_BINSTRING, Python 2
        return this.push(Buffer.from(this.take(this.byte())).toString('latin1'));
      case 'T': // BINSTRING, Python 2
        return this.push(Buffer.from(this.take(this.uint32())).toString('latin1'));
      case 'C': // SHORT_BINBYTES
        return this.push(this.take(this.byte()));
      case 'B': // BINBYTES
        return this.push(this.take(this.uint32()));
      case '\x8e': // BINBYTES8
      case '\x96': // BYTEARRAY8
        return this.push(this.take(this.uint64()));
      default:
        return this.executeStructure(char);
    }
  }

  private executeStructure(char: string): void {
    switch (char) {
      case ']':
        return this.push([]);
      case '}':
        return this.push(new Map<PickleValue, PickleValue>());
      case '\x8f': // EMPTY_SET
        return this.push(new Set<PickleValue>());
      case ')': // EMPTY_TUPLE
        return this.push([]);
      case '\x85':
      case '\x86':
      case '\x87': // TUPLE1, TUPLE2, TUPLE3
        return this.push(this.nested(this.popMany(char.charCodeAt(0) - 0x84)));
      case 't': // TUPLE
      case 'l': // LIST
      case '\x91': // FROZENSET
        return this.push(char === '\x91' ? new Set(this.nested(this.popItems())) : this.nested(this.popItems()));
      case 'd': // DICT
        return this.makeDict(this.popItems());
      case 'a': // APPEND
        return this.addTo('list', [this.pop()]);
      case 'e': // APPENDS
        return this.addTo('list', this.popItems());
      case 's': // SETITEM
        return this.addTo('dict', this.popMany(2));
      case 'u': // SETITEMS
        return this.addTo('dict', this.popItems());
      case '\x90': // ADDITEMS
        return this.addTo('set', this.popItems());
      case 'q': // BINPUT
        return this.remember(this.byte());
      case 'r': // LONG_BINPUT
        return this.remember(this.uint32());
      case '\x94': // MEMOIZE
        return this.remember(this.memo.size);
      case 'h': // BINGET
        return this.recall(this.byte());
      case 'j': // LONG_BINGET
        return this.recall(this.uint32());
      default:
        return this.executeCall(char);
    }
  }

  private executeCall(char: string): void {
    switch (char) {
      case 'c': // GLOBAL
        return this.push(findGlobal(this.line(), this.line(), this));
      case '\x93': {
        // STACK_GLOBAL
        const [module, name] = this.popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string') throw this.malformed('a name that is not text');
        return this.push(findGlobal(module, name, this));
      }
      case 'R': {
        // REDUCE
        const [callee, args] = this.popMany(2);
        if (!(callee instanceof PickleGlobal)) throw this.unsafe('a call of something that is not a function');
        if (!Array.isArray(args)) throw this.malformed('a call without arguments');
        return this.push(callee.call(args, this));
      }
      case 'b': {
        // BUILD
        const state = this.pop();
        return buildState(this.top(), state, this);
      }
      case 'i': // INST
        throw this.unsafe(`an instance of "${this.line()}.${this.line()}"`);
      case 'o': // OBJ
      case '\x81': // NEWOBJ
      case '\x92': // NEWOBJ_EX
        throw this.unsafe('an instance of a class');
      case '\x82':
      case '\x83':
      case '\x84': // EXT1, EXT2, EXT4
        throw this.unsafe('a registered extension');
      case 'P':
      case 'Q': // PERSID, BINPERSID
        throw this.unsafe('a persistent object outside the file');
      case '\x97':
      case '\x98': // NEXT_BUFFER, READONLY_BUFFER
        throw this.unsafe('a buffer outside the file');
      default:
        return this.executeText(char);
    }
  }

  /** Protocol 0, which says everything in lines of text. */
  private executeText(char: string): void {
    switch (char) {
      case 'I': // INT; 00 and 01 are booleans
      case 'L': // LONG
      case 'F': // FLOAT
        return this.push(pythonNumber(char, this.line(), this));
      case 'S': // STRING
        return this.push(stringLiteral(this.line(), this));
      case 'V': // UNICODE
        return this.push(rawUnicode(this.line(), this));
      case 'p': // PUT
        return this.remember(this.index());
      case 'g': // GET
        return this.recall(this.index());
      default:
        throw this.malformed(`the unknown opcode 0x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
    }
  }

  private index(): number {
    const text = this.line();
    if (!/^\d{1,9}$/.test(text)) throw this.malformed('a reference that is not a number');
    return Number(text);
  }

  private protocol(version: number): void {
    if (version < 2 || version > 5)
      throw this.unsupported(`protocol ${version}`, 'Save it with pickle.dump(data, file, protocol=4).');
  }

  private push(value: PickleValue): void {
    this.stack.push(value);
  }

  private pushMark(): void {
    if (++this.marks > deepestNesting) throw this.tooDeep();
    this.stack.push(mark);
  }

  private top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined || value === mark) throw this.malformed('a value is missing');
    return value;
  }

  private pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** Everything above the topmost mark, and the mark. */
  private popItems(): PickleValue[] {
    const start = this.stack.lastIndexOf(mark);
    if (start < 0) throw this.malformed('the start of a collection is missing');
    const items = this.stack.splice(start).slice(1) as PickleValue[];
    this.marks--;
    return items;
  }

  private addTo(kind: 'list' | 'dict' | 'set', items: PickleValue[]): void {
    const target = this.top();
    if (kind === 'list' && Array.isArray(target)) for (const item of items) target.push(item);
    else if (kind === 'set' && target instanceof Set) for (const item of items) target.add(this.key(item));
    else if (kind === 'dict' && target instanceof Map) this.setItems(target, items);
    else throw this.malformed(`items for a ${kind} that is not there`);
    this.deepen(target, items);
  }

  private makeDict(items: PickleValue[]): void {
    const dict = new Map<PickleValue, PickleValue>();
    this.setItems(dict, items);
    this.deepen(dict, items);
    this.push(dict);
  }

  private setItems(dict: Map<PickleValue, PickleValue>, items: PickleValue[]): void {
    if (items.length % 2 !== 0) throw this.malformed('a dict with a key but no value');
    for (let i = 0; i < items.length; i += 2) dict.set(this.key(items[i]), items[i + 1]);
  }

  private key(value: PickleValue): PickleValue {
    if (value instanceof Map || value instanceof Set || value instanceof PickleArray)
      throw this.malformed('a key that cannot be one');
    return value;
  }

  private nested(items: PickleValue[]): PickleValue[] {
    this.deepen(items, items);
    return items;
  }

  /** Nothing here recurses, but whoever walks the result may: nesting is bounded where it is made. */
  private deepen(container: object, items: readonly PickleValue[]): void {
    let depth = this.depths.get(container) ?? 1;
    for (const item of items)
      if (typeof item === 'object' && item !== null) {
        if (item === container) throw this.malformed('a collection that contains itself');
        depth = Math.max(depth, (this.depths.get(item) ?? 0) + 1);
      }
    if (depth > deepestNesting) throw this.tooDeep();
    this.depths.set(container, depth);
  }

  private remember(index: number): void {
    this.memo.set(index, this.top());
  }

  private recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.malformed(`it refers to value ${index}, which was never stored`);
    this.push(value);
  }

  private tooDeep(): AdjointError {
    return this.malformed(`it is nested deeper than ${deepestNesting} levels`);
  }

  private truncated(): AdjointError {
    return new AdjointError('invalid-dataset', `The pickle is truncated (byte ${this.bytes.length}).`, {
      fix: 'Write the file again; it was probably not written or copied to its end.',
    });
  }

  /** Moves past `count` bytes and returns where they begin. */
  private advance(count: number): number {
    const start = this.at;
    if (count > this.bytes.length - start) throw this.truncated();
    this.at = start + count;
    return start;
  }

  private byte(): number {
    return this.bytes[this.advance(1)];
  }

  private uint32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  private uint64(): number {
    return Number(this.view.getBigUint64(this.advance(8), true));
  }

  private take(length: number): Uint8Array {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  private text(length: number): string {
    const bytes = this.take(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.malformed('text that is not UTF-8');
    }
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw this.truncated();
    const text = Buffer.from(this.take(end - this.at)).toString('latin1');
    this.at++;
    return text.replace(/\r$/, '');
  }

  /** Two's complement, little endian. */
  private integer(length: number): number | bigint {
    if (length > longestIntegerBytes) throw this.malformed(`an integer of ${length} bytes`);
    const bytes = this.take(length);
    if (length === 0) return 0;
    const hex = Buffer.from(bytes.toReversed()).toString('hex');
    const value = BigInt.asIntN(length * 8, BigInt(`0x${hex}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}

/** What kind of thing a value is, in Python's words. */
export function pickleKind(value: PickleValue | undefined): string {
  if (value === undefined || value === null) return 'None';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'number';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Map) return 'dict';
  if (value instanceof Set) return 'set';
  if (value instanceof PickleArray) return 'array';
  if (value instanceof PickleDtype) return 'dtype';
  return value instanceof PickleGlobal ? value.name : 'list';
}
