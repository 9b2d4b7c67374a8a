import {
  Field,
  FixedSizeList,
  Float64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Struct,
  Uint32,
  type Data,
  type Schema,
} from 'apache-arrow';
import { indexColumns } from '@shared/run';
import { AdjointError } from '@shared/errors';
import { columnWidth, type MetricColumn } from './metricSchema';
import type { SummaryAccumulator } from './summaries';

/** Where a row stands on each axis. */
export interface RowIndex {
  step: number;
  epoch: number;
  activeSeconds: number;
  /** Unix time, seconds. */
  wallTime: number;
}

export type MetricValue = number | Float64Array | null | undefined;

/** Numbers that `appendRow` takes before the scalars: step, epoch, activeSeconds, wallTime. */
export const rowIndexLength = indexColumns.length - 1;
/** Rows are written out by themselves once this many bytes wait, so that a busy loop never grows its buffers. */
const longestBufferBytes = 1 << 20;
const indexBytes = 32;

/** Rows waiting to be written: one growable column each. */
interface ColumnBuffer {
  column: MetricColumn;
  width: number;
  /** [capacity × width], row-major; rows that were not measured hold zeros. */
  values: Float64Array;
  /** Arrow's validity bits, made at the first null of a batch. */
  validity: Uint8Array | null;
  nulls: number;
  summary: SummaryAccumulator | null;
}

export interface TableBackend {
  /** Writes the waiting rows of this table. */
  flush(): void;
  summaryOf(key: string): SummaryAccumulator;
  /** The index column that the areas are taken over. */
  axis: keyof RowIndex;
}

/** Rows of one clock, between two writes. Made by `MetricWriter.table`. */
export class MetricTable {
  readonly columns: readonly MetricColumn[];
  private readonly backend: TableBackend;
  private readonly buffers: ColumnBuffer[];
  private readonly index: Float64Array[];
  private readonly axis: number;
  private readonly maxRows: number;
  private readonly allScalar: boolean;
  private capacity = 64;
  private waiting = 0;
  private nextSequence: number;

  constructor(columns: readonly MetricColumn[], firstSequence: number, backend: TableBackend) {
    this.columns = columns;
    this.backend = backend;
    this.nextSequence = firstSequence;
    this.axis = ['step', 'epoch', 'activeSeconds', 'wallTime'].indexOf(backend.axis);
    this.index = Array.from({ length: rowIndexLength }, () => new Float64Array(this.capacity));
    this.buffers = columns.map((column) => {
      const width = columnWidth(column);
      if (!(width >= 1)) throw new AdjointError('internal', `Metric "${column.key}" needs a length.`);
      return {
        column,
        width,
        values: new Float64Array(this.capacity * width),
        validity: null,
        nulls: 0,
        summary: column.kind === 'scalar' ? backend.summaryOf(column.key) : null,
      };
    });
    this.allScalar = this.buffers.every(({ width }) => width === 1);
    const rowBytes = indexBytes + this.buffers.reduce((sum, { width }) => sum + width * 8, 0);
    this.maxRows = Math.max(1, Math.floor(longestBufferBytes / rowBytes));
  }

  get rows(): number {
    return this.waiting;
  }

  /** Sequence number that the next row gets. */
  get sequence(): number {
    return this.nextSequence;
  }

  /**
   * Adds one row. A metric that is absent, undefined or null was not measured at this row; NaN is a measured value.
   * A vector has `length` entries, a histogram its edges followed by its counts.
   *
   * @throws AdjointError `internal` for an unknown key or a wrong length; `disk-full` when full buffers cannot be written
   */
  append(index: RowIndex, values: Readonly<Record<string, MetricValue>>): void {
    this.check(values);
    const row = this.makeRoom();
    this.index[0][row] = index.step;
    this.index[1][row] = index.epoch;
    this.index[2][row] = index.activeSeconds;
    this.index[3][row] = index.wallTime;
    const x = this.index[this.axis][row];
    for (const buffer of this.buffers) {
      const value = values[buffer.column.key];
      if (value === null || value === undefined) this.putNull(buffer, row);
      else if (typeof value === 'number') {
        buffer.values[row] = value;
        buffer.summary?.add(x, value);
      } else buffer.values.set(value, row * buffer.width);
    }
    this.finishRow();
  }

  /**
   * The fast path for tables of scalars only: [step, epoch, activeSeconds, wallTime, then every column in order],
   * all measured.
   */
  appendRow(indexAndScalars: Float64Array): void {
    if (!this.allScalar || indexAndScalars.length !== rowIndexLength + this.buffers.length)
      throw new AdjointError('internal', `A row of this table has ${rowIndexLength + this.buffers.length} scalars.`);
    const row = this.makeRoom();
    for (let i = 0; i < rowIndexLength; i++) this.index[i][row] = indexAndScalars[i];
    const x = indexAndScalars[this.axis];
    for (let i = 0; i < this.buffers.length; i++) {
      const value = indexAndScalars[rowIndexLength + i];
      const buffer = this.buffers[i];
      buffer.values[row] = value;
      buffer.summary?.add(x, value);
    }
    this.finishRow();
  }

  /** The waiting rows as a record batch that shares this table's memory: encode it before the next row. */
  batch(schema: Schema): RecordBatch {
    const rows = this.waiting;
    const first = this.nextSequence - rows;
    const sequence = Uint32Array.from({ length: rows }, (_, i) => first + i);
    const uint32 = (data: Uint32Array): Data => makeData({ type: new Uint32(), length: rows, nullCount: 0, data });
    const children = [
      uint32(sequence),
      uint32(Uint32Array.from(this.index[0].subarray(0, rows))),
      ...this.index.slice(1).map((values) => floats(values.subarray(0, rows))),
      ...this.buffers.map((buffer) => columnData(buffer, rows)),
    ];
    return new RecordBatch(
      schema,
      makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children }) as Data<Struct>,
    );
  }

  /** Forgets the waiting rows: they are in the segment now. */
  clear(): void {
    this.waiting = 0;
    for (const buffer of this.buffers) {
      buffer.validity = null;
      buffer.nulls = 0;
    }
  }

  private check(values: Readonly<Record<string, MetricValue>>): void {
    let known = 0;
    for (const { column, width } of this.buffers) {
      const value = values[column.key];
      if (column.key in values) known++;
      if (value === null || value === undefined) continue;
      const found = typeof value === 'number' ? 1 : value.length;
      if ((typeof value === 'number') !== (column.kind === 'scalar') || found !== width)
        throw new AdjointError('internal', `Metric "${column.key}" takes ${width} numbers a row, not ${found}.`);
    }
    const keys = Object.keys(values);
    if (known === keys.length) return;
    const unknown = keys.find((key) => !this.columns.some((column) => column.key === key));
    throw new AdjointError('internal', `Metric "${unknown}" is not a column of this table.`, {
      fix: 'Declare it when the table is made.',
    });
  }

  private makeRoom(): number {
    if (this.waiting >= this.maxRows) this.backend.flush();
    if (this.waiting >= this.capacity) {
      this.capacity = this.waiting * 2;
      for (let i = 0; i < this.index.length; i++) this.index[i] = grown(this.index[i], this.capacity);
      for (const buffer of this.buffers) {
        buffer.values = grown(buffer.values, this.capacity * buffer.width);
        if (buffer.validity) buffer.validity = grownBits(buffer.validity, this.capacity);
      }
    }
    return this.waiting;
  }

  private finishRow(): void {
    this.waiting++;
    this.nextSequence++;
  }

  private putNull(buffer: ColumnBuffer, row: number): void {
    buffer.validity ??= new Uint8Array((this.capacity + 7) >> 3).fill(255);
    buffer.validity[row >> 3] &= ~(1 << (row & 7));
    buffer.nulls++;
    buffer.values.fill(0, row * buffer.width, (row + 1) * buffer.width);
  }
}

function grown(values: Float64Array, length: number): Float64Array {
  const next = new Float64Array(length);
  next.set(values);
  return next;
}

function grownBits(bits: Uint8Array, capacity: number): Uint8Array {
  const next = new Uint8Array((capacity + 7) >> 3).fill(255);
  next.set(bits);
  return next;
}

const floats = (data: Float64Array): Data<Float64> =>
  makeData({ type: new Float64(), length: data.length, nullCount: 0, data });

function columnData(buffer: ColumnBuffer, rows: number): Data {
  const { column, width, values } = buffer;
  const length = column.length ?? 0;
  const nullBitmap = buffer.nulls > 0 && buffer.validity ? buffer.validity.subarray(0, (rows + 7) >> 3) : null;
  const nullCount = nullBitmap ? buffer.nulls : 0;
  if (column.kind === 'scalar')
    return makeData({ type: new Float64(), length: rows, nullCount, nullBitmap, data: values.subarray(0, rows) });
  if (column.kind === 'vector') return lists(values.subarray(0, rows * width), width, rows, nullCount, nullBitmap);
  const edges = new Float64Array(rows * (length + 1));
  const counts = new Float64Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const value = values.subarray(row * width, (row + 1) * width);
    edges.set(value.subarray(0, length + 1), row * (length + 1));
    counts.set(value.subarray(length + 1), row * length);
  }
  const children = [lists(edges, length + 1, rows), lists(counts, length, rows)];
  const fields = ['edges', 'counts'].map((name, i) => new Field(name, children[i].type, false));
  return makeData({ type: new Struct(fields), length: rows, nullCount, nullBitmap, children });
}

function lists(data: Float64Array, size: number, rows: number, nullCount = 0, nullBitmap: Uint8Array | null = null) {
  const type = new FixedSizeList(size, new Field('item', new Float64(), false));
  return makeData({ type, length: rows, nullCount, nullBitmap, child: floats(data) });
}

/** Encodes one message at a time: Arrow's stream writer with its sink replaced by a list. */
export class MessageEncoder extends RecordBatchStreamWriter {
  private parts: Uint8Array[] = [];

  constructor() {
    super({ autoDestroy: false });
  }

  /** The schema message that a segment begins with. */
  schema(schema: Schema): Uint8Array {
    this.reset(undefined, schema);
    return this.take();
  }

  batch(batch: RecordBatch): Uint8Array {
    this.write(batch);
    return this.take();
  }

  protected override _write(chunk: ArrayBufferView | ArrayBufferLike): this {
    const bytes = ArrayBuffer.isView(chunk)
      ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      : new Uint8Array(chunk);
    if (bytes.length > 0) this.parts.push(bytes);
    return this;
  }

  private take(): Uint8Array {
    const message = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      message.set(part, at);
      at += part.length;
    }
    this.parts = [];
    return message;
  }
}

/** The end marker of an Arrow IPC stream. */
export const endOfStream = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);
