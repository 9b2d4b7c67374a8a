import { DataType, Field, FixedSizeList, Float64, Precision, Schema, Struct, Uint32 } from 'apache-arrow';
import { indexColumns, type Clock } from '@shared/run';

/** One column of a metric table beside the index. */
export interface MetricColumn {
  key: string;
  kind: 'scalar' | 'vector' | 'histogram';
  /** SI symbol, `1` for pure numbers. */
  unit: string;
  /** Entries of a vector, bins of a histogram; scalars have none. */
  length?: number;
}

export const metricsFormat = 'adjoint-metrics/1';

/** Numbers that one value of the column has: 1, n, or for n bins the n + 1 edges followed by the n counts. */
export function columnWidth(column: MetricColumn): number {
  if (column.kind === 'scalar') return 1;
  const length = column.length ?? 0;
  return column.kind === 'vector' ? length : 2 * length + 1;
}

const list = (size: number) => new FixedSizeList(size, new Field('item', new Float64(), false));

/** The Arrow type of a column: float64, a list of fixed size, or {edges: list[n + 1], counts: list[n]}. */
export function columnType(column: MetricColumn): Float64 | FixedSizeList<Float64> | Struct {
  const length = column.length ?? 0;
  if (column.kind === 'scalar') return new Float64();
  if (column.kind === 'vector') return list(length);
  return new Struct([new Field('edges', list(length + 1), false), new Field('counts', list(length), false)]);
}

/**
 * The schema of a segment. Sequence and step are uint32, the other index columns and all metrics float64; an Arrow null
 * means "not measured at this row", NaN is a value like any other.
 */
export function metricSchema(run: string, attempt: number, clock: Clock, columns: readonly MetricColumn[]): Schema {
  const index = indexColumns.map(
    (name) => new Field(name, name === 'sequence' || name === 'step' ? new Uint32() : new Float64(), false),
  );
  const metrics = columns.map((column) => {
    const metadata = new Map([
      ['kind', column.kind],
      ['unit', column.unit],
    ]);
    return new Field(column.key, columnType(column), true, metadata);
  });
  const metadata = new Map([
    ['format', metricsFormat],
    ['run', run],
    ['attempt', String(attempt)],
    ['clock', clock],
  ]);
  return new Schema([...index, ...metrics], metadata);
}

/** The metric columns of a segment, read back from its schema; columns of a foreign type are left out. */
export function metricColumns(schema: Schema): MetricColumn[] {
  const index: readonly string[] = indexColumns;
  return schema.fields
    .filter((field) => !index.includes(field.name))
    .flatMap((field): MetricColumn[] => {
      const unit = field.metadata.get('unit') ?? '1';
      // Types read from a file are of the general classes (Float, not Float64): ask by type id.
      const type: DataType = field.type;
      if (isFloat64(type)) return [{ key: field.name, kind: 'scalar', unit }];
      if (isFloatList(type)) return [{ key: field.name, kind: 'vector', unit, length: type.listSize }];
      const [edges, counts] = DataType.isStruct(type) ? type.children.map((child): DataType => child.type) : [];
      return edges && counts && isFloatList(edges) && isFloatList(counts)
        ? [{ key: field.name, kind: 'histogram', unit, length: counts.listSize }]
        : [];
    });
}

const isFloat64 = (type: DataType): boolean => DataType.isFloat(type) && type.precision === Precision.DOUBLE;
const isFloatList = (type: DataType): type is FixedSizeList =>
  DataType.isFixedSizeList(type) && isFloat64(type.children[0].type);
