import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AdjointError } from '@shared/errors';
import {
  annotationsSchema,
  attemptSchema,
  controlCommandSchema,
  manifestSchema,
  processStateSchema,
  startRequestSchema,
  type Annotations,
  type Attempt,
  type CheckpointInfo,
  type ControlCommand,
  type Manifest,
  type ProcessState,
  type StartRequest,
} from '@shared/run';
import {
  jsonText,
  names,
  parseLine,
  readJson,
  readJsonOrNull,
  removeLeftovers,
  storeError,
  syncDirectory,
  writeFileAtomic,
} from './atomic';
import { inspectCheckpoint } from './checkpoint';
import { acquireLock, isLocked, type Lock } from './lock';
import { readContents } from './runContents';

/** How long a view's interest in an attempt lasts without being renewed. */
const interestSeconds = 5;
const finalPhases: readonly string[] = ['done', 'failed', 'cancelled'];

/**
 * One run on disk, the truth about it:
 *
 *     manifest.json  annotations.json  request.json  log.txt  repairs.ndjson  writer.lock  artefacts/
 *     checkpoints/<step, 9 digits>.safetensors
 *     attempts/<k>/attempt.json  state.json  control.ndjson  watched
 *     metrics/<clock>-a<attempt>-<nnnnn>.arrows  and the same name + .sum
 *
 * Small files are replaced as a whole, so a reader in another process never sees half of one. Reading is tolerant: what is
 * missing or torn reads as null and is named by `damage`; only `manifest` throws, because nothing works without it.
 */
export class RunDirectory {
  readonly path: string;
  readonly id: string;

  private constructor(path: string) {
    this.path = path;
    this.id = basename(path);
  }

  /** @throws AdjointError `conflict` when the directory exists, `disk-full`, `not-writable` */
  static create(path: string, manifest: Manifest): RunDirectory {
    if (existsSync(path)) throw new AdjointError('conflict', 'A run of this name exists already.', { where: path });
    const parent = dirname(path);
    const temporary = join(parent, `.creating-${basename(path)}-${process.pid}`);
    try {
      for (const folder of ['metrics', 'checkpoints', 'attempts', 'artefacts'])
        mkdirSync(join(temporary, folder), { recursive: true });
      writeFileAtomic(join(temporary, 'manifest.json'), jsonText(manifest), { sync: true });
      renameSync(temporary, path);
      syncDirectory(parent);
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true });
      throw storeError(error, path);
    }
    return new RunDirectory(path);
  }

  /** Opens any directory as a run, damaged ones too. @throws AdjointError `not-found` */
  static open(path: string): RunDirectory {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw new AdjointError('not-found', `There is no run "${basename(path)}".`, {
        where: path,
        fix: 'List the runs to see which there are; it may lie in the trash.',
      });
    return new RunDirectory(path);
  }

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  get metricsDirectory(): string {
    return this.file('metrics');
  }

  /** @throws AdjointError `corrupt` or `not-found` naming the file */
  manifest(): Manifest {
    return readJson(this.file('manifest.json'), manifestSchema);
  }

  annotations(): Annotations {
    return readJsonOrNull(this.file('annotations.json'), annotationsSchema) ?? { tags: [], notes: '' };
  }

  annotate(change: Partial<Annotations>): void {
    const next = annotationsSchema.parse({ ...this.annotations(), ...change });
    writeFileAtomic(this.file('annotations.json'), jsonText(next), { sync: true });
  }

  request(): StartRequest | null {
    return readJsonOrNull(this.file('request.json'), startRequestSchema);
  }

  setRequest(request: StartRequest | null): void {
    if (request) writeFileAtomic(this.file('request.json'), jsonText(request), { sync: true });
    else rmSync(this.file('request.json'), { force: true });
  }

  /** Numbers of the attempts, ascending. */
  attempts(): number[] {
    return names(this.file('attempts'))
      .filter((name) => /^[1-9]\d*$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  }

  attempt(k: number): Attempt | null {
    return readJsonOrNull(this.attemptFile(k, 'attempt.json'), attemptSchema);
  }

  /** Call with the run's lock held. From here on, samples of earlier attempts from the resume step on are superseded. */
  beginAttempt(k: number, attempt: Attempt): void {
    try {
      mkdirSync(this.file('attempts', String(k)), { recursive: true });
      writeFileAtomic(this.attemptFile(k, 'attempt.json'), jsonText(attempt), { sync: true });
      syncDirectory(this.file('attempts'));
      // The request to start is fulfilled: from now on the attempt says what state the run is in.
      this.setRequest(null);
    } catch (error) {
      throw storeError(error, this.file('attempts', String(k)));
    }
  }

  state(k: number): ProcessState | null {
    return readJsonOrNull(this.attemptFile(k, 'state.json'), processStateSchema);
  }

  /** A heartbeat is not worth an fsync; the last word of an attempt is. */
  writeState(k: number, state: ProcessState): void {
    const sync = finalPhases.includes(state.phase);
    writeFileAtomic(this.attemptFile(k, 'state.json'), JSON.stringify(state), { sync });
  }

  /** Returns the number of the line that it became. */
  appendControl(k: number, command: ControlCommand): number {
    const path = this.attemptFile(k, 'control.ndjson');
    try {
      // A writer that died half-way leaves a line without its end: it must not swallow this one.
      const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
      const start = before === '' || before.endsWith('\n') ? '' : '\n';
      appendFileSync(path, `${start}${JSON.stringify(command)}\n`);
      return (before + start).split('\n').length;
    } catch (error) {
      throw storeError(error, path);
    }
  }

  /** Commands after the first `seen` lines, and the number of lines there are now. Damaged lines count but say nothing. */
  controlAfter(k: number, seen: number): { commands: ControlCommand[]; seen: number } {
    const path = this.attemptFile(k, 'control.ndjson');
    if (!statSync(path, { throwIfNoEntry: false })) return { commands: [], seen };
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    const commands: ControlCommand[] = [];
    for (const line of lines.slice(seen)) {
      const parsed = controlCommandSchema.safeParse(parseLine(line));
      if (parsed.success) commands.push(parsed.data);
    }
    return { commands, seen: Math.max(seen, lines.length) };
  }

  /** The right to write into this run. @throws AdjointError `locked` naming the process that has it */
  lock(): Lock {
    return acquireLock(this.file('writer.lock'), `run ${this.id}`);
  }

  isLocked(): boolean {
    return isLocked(this.file('writer.lock'));
  }

  checkpointPath(step: number): string {
    return this.file('checkpoints', `${String(step).padStart(9, '0')}.safetensors`);
  }

  /** Newest first. `valid` is judged by header and length; loading verifies the checksum too. */
  checkpoints(): CheckpointInfo[] {
    const found: CheckpointInfo[] = [];
    for (const file of names(this.file('checkpoints'))) {
      const match = /^(\d{9,})\.safetensors$/.exec(file);
      const path = this.file('checkpoints', file);
      const stat = match && statSync(path, { throwIfNoEntry: false });
      if (!match || !stat) continue;
      const { valid, bytes, state } = inspectCheckpoint(path);
      const epoch = typeof state === 'object' && state !== null && !Array.isArray(state) ? state.epoch : null;
      const at = stat.mtime.toISOString();
      found.push({ file, step: Number(match[1]), epoch: typeof epoch === 'number' ? epoch : null, bytes, at, valid });
    }
    return found.sort((a, b) => b.step - a.step);
  }

  /**
   * Keeps the `keep` newest valid checkpoints (at least one), and whatever their age that of the step `best` and whole ones of steps that are
   * kept for ever; deletes older ones, and damaged ones among them.
   */
  pruneCheckpoints(keep: number, best?: number, forEver: (step: number) => boolean = () => false): void {
    removeLeftovers(this.file('checkpoints'));
    let kept = 0;
    for (const { file, step, valid } of this.checkpoints()) {
      if (step === best || (valid && forEver(step))) continue;
      if (kept >= Math.max(1, keep)) rmSync(this.file('checkpoints', file), { force: true });
      else if (valid) kept++;
    }
  }

  appendLog(text: string): void {
    try {
      appendFileSync(this.file('log.txt'), text);
    } catch (error) {
      throw storeError(error, this.file('log.txt'));
    }
  }

  /** Up to `limit` bytes from `offset`, or the last ones for −1, without split characters. `end` is the next offset. */
  readLog(offset: number, limit: number): { text: string; offset: number; end: number } {
    const path = this.file('log.txt');
    if (!statSync(path, { throwIfNoEntry: false })) return { text: '', offset: 0, end: 0 };
    const file = openSync(path, 'r');
    try {
      const size = fstatSync(file).size;
      let start = offset < 0 ? Math.max(0, size - limit) : Math.min(offset, size);
      const buffer = Buffer.alloc(Math.min(limit, size - start));
      let bytes = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, start));
      const lead = leadingContinuation(bytes);
      start += lead;
      bytes = bytes.subarray(lead);
      if (start + bytes.length < size) bytes = bytes.subarray(0, bytes.length - splitTail(bytes));
      return { text: bytes.toString('utf8'), offset: start, end: start + bytes.length };
    } finally {
      closeSync(file);
    }
  }

  /** Says that someone looks at this attempt, so that its process writes out more often. */
  showInterest(k: number): void {
    const path = this.attemptFile(k, 'watched');
    try {
      const now = new Date();
      if (existsSync(path)) utimesSync(path, now, now);
      else closeSync(openSync(path, 'a'));
    } catch {
      // Only a hint: a read-only or vanished directory must not disturb the view.
    }
  }

  interested(k: number): boolean {
    const found = statSync(this.attemptFile(k, 'watched'), { throwIfNoEntry: false });
    return found !== undefined && Date.now() - found.mtimeMs < interestSeconds * 1000;
  }

  /** Remembers what a repair cut. */
  recordRepair(cut: string[]): void {
    const line = `${JSON.stringify({ at: new Date().toISOString(), cut })}\n`;
    try {
      appendFileSync(this.file('repairs.ndjson'), line);
    } catch (error) {
      throw storeError(error, this.file('repairs.ndjson'));
    }
  }

  /** Missing and torn files by name, and what repairs have cut. Reads no metric segment. */
  damage(): string[] {
    return readContents(this).damage;
  }

  private attemptFile(k: number, name: string): string {
    return this.file('attempts', String(k), name);
  }
}

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

function leadingContinuation(bytes: Uint8Array): number {
  let i = 0;
  while (i < 3 && i < bytes.length && isContinuation(bytes[i])) i++;
  return i;
}

/** How many bytes at the end belong to a character that is not complete. */
function splitTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (isContinuation(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
