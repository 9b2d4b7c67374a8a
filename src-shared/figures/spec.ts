import { z } from 'zod';
import { AdjointError } from '../errors';
import { datumSchema } from './datum';

/**
 * A figure as plain data: everything that is needed to draw it again, the numbers included. Text may hold mathematics between dollar signs, in the
 * part of TeX that mathText.ts knows: `Violation, $\lVert r \rVert^2$`.
 */

const colour = z.string().regex(/^#[0-9a-f]{6}$/i, 'a colour is written #rrggbb');
const values = z.array(datumSchema);

const axisSchema = z.object({
  /** Symbol and unit belong into it. */
  label: z.string().default(''),
  scale: z.enum(['linear', 'log']).default('linear'),
  /** In values; absent = from the data. */
  domain: z.tuple([z.number(), z.number()]).optional(),
  /** Names instead of numbers: positions 0, 1, 2 … of the data are these. */
  categories: z.array(z.string()).optional(),
});
export type FigureAxis = z.infer<typeof axisSchema>;

const seriesBase = {
  /** Series of one name in several panels share their colour and their entry in the legend. */
  label: z.string(),
  /** Absent = by the position among the labels of the figure. */
  colour: colour.optional(),
};

const lineSchema = z.object({
  ...seriesBase,
  mark: z.literal('line'),
  x: values,
  y: values,
  /** Interval around y, drawn as a band. */
  low: values.optional(),
  high: values.optional(),
  /** What the interval is, in words: part of the CSV and of the caption. */
  interval: z.string().optional(),
  /** `step` holds each value until the next. */
  shape: z.enum(['straight', 'step']).default('straight'),
  /** Drawn faintly behind: the values that were smoothed into y. */
  raw: values.optional(),
});

const pointsSchema = z.object({
  ...seriesBase,
  mark: z.literal('points'),
  x: values,
  y: values,
  xLow: values.optional(),
  xHigh: values.optional(),
  low: values.optional(),
  high: values.optional(),
  interval: z.string().optional(),
  /** Names of the points, written beside them. */
  names: z.array(z.string()).optional(),
});

/** The staircase of what is best in both measures; dominated area is not shaded. */
const frontSchema = z.object({ ...seriesBase, mark: z.literal('front'), x: values, y: values });

const barsSchema = z.object({
  ...seriesBase,
  mark: z.literal('bars'),
  /** Positions among the categories of the x axis. */
  x: values,
  y: values,
  low: values.optional(),
  high: values.optional(),
  interval: z.string().optional(),
});

const samples = { ...seriesBase, groups: z.array(z.object({ x: z.number(), values })) };
/** Every sample of each category: quartiles, whiskers to the farthest within 1.5 interquartile ranges, points beyond. */
const boxSchema = z.object({ ...samples, mark: z.literal('box') });
/** Every sample of each category as a point. */
const stripSchema = z.object({ ...samples, mark: z.literal('strip') });

const heatSchema = z.object({
  ...seriesBase,
  mark: z.literal('heat'),
  /** Centres of the columns and rows, ascending. */
  x: z.array(z.number()).min(1),
  y: z.array(z.number()).min(1),
  /** Row by row: z[j·columns + i] belongs to (x[i], y[j]). */
  z: values,
  scale: z.enum(['linear', 'log']).default('linear'),
  /** `diverging` has its middle at zero. */
  palette: z.enum(['cividis', 'diverging']).default('cividis'),
  domain: z.tuple([z.number(), z.number()]).optional(),
  /** Values whose contours are drawn over the cells. */
  contours: z.array(z.number()).optional(),
});

export const seriesSchema = z.discriminatedUnion('mark', [
  lineSchema,
  pointsSchema,
  frontSchema,
  barsSchema,
  boxSchema,
  stripSchema,
  heatSchema,
]);
export type FigureSeries = z.infer<typeof seriesSchema>;
export type Mark = FigureSeries['mark'];

const annotationSchema = z.discriminatedUnion('kind', [
  /** A line across the panel at a value of y or x. */
  z.object({ kind: z.enum(['horizontal', 'vertical']), at: z.number(), label: z.string().default('') }),
  /** Words at a place. */
  z.object({ kind: z.literal('text'), x: z.number(), y: z.number(), label: z.string() }),
  /** A triangle's long side: y ∝ xᵏ on log axes, through (x, y). */
  z.object({
    kind: z.literal('slope'),
    x: z.number(),
    y: z.number(),
    exponent: z.number(),
    label: z.string().default(''),
  }),
]);
export type FigureAnnotation = z.infer<typeof annotationSchema>;

const panelSchema = z.object({
  title: z.string().default(''),
  x: axisSchema.prefault({}),
  y: axisSchema.prefault({}),
  series: z.array(seriesSchema),
  annotations: z.array(annotationSchema).default([]),
});
export type FigurePanel = z.infer<typeof panelSchema>;

export const provenanceSchema = z.object({
  adjoint: z.string(),
  commit: z.string().nullable(),
  /** ISO 8601. */
  created: z.string(),
  runs: z.array(z.object({ id: z.string(), name: z.string(), seed: z.number().nullable() })).default([]),
  datasets: z.array(z.object({ name: z.string(), sha256: z.string() })).default([]),
  /** How the numbers came about, where they are not the samples themselves: means of buckets, smoothing, intervals. */
  notes: z.array(z.string()).default([]),
});
export type Provenance = z.infer<typeof provenanceSchema>;

export const fontFamilies = ['sans', 'serif'] as const;
export const legendPlaces = ['auto', 'direct', 'below', 'none'] as const;

export const styleSchema = z.object({
  /** Millimetres. */
  width: z.number().min(20).max(1000).default(85),
  height: z.number().min(15).max(1000).default(60),
  /** Points: of axis titles; ticks are a little smaller. */
  fontSize: z.number().min(4).max(36).default(8),
  font: z.enum(fontFamilies).default('sans'),
  /** Panels in a row. */
  columns: z.number().int().min(1).max(8).default(1),
  /** Several panels are lettered a, b, c. */
  letters: z.boolean().default(true),
  /** `auto`: names at the ends of up to six lines of a single panel, else below. */
  legend: z.enum(legendPlaces).default('auto'),
  /** Colour alone does not survive a grey-scale printer. */
  dashes: z.boolean().default(true),
});
export type FigureStyle = z.infer<typeof styleSchema>;

export const figureSchema = z.object({
  format: z.literal('adjoint-figure'),
  version: z.literal(1),
  title: z.string().default(''),
  /** For the paper's text; not drawn. */
  caption: z.string().default(''),
  style: styleSchema.prefault({}),
  panels: z.array(panelSchema).min(1).max(64),
  provenance: provenanceSchema.nullable().default(null),
});
export type Figure = z.infer<typeof figureSchema>;
/** What one writes by hand: defaults may be left out. */
export type FigureInput = z.input<typeof figureSchema>;

/** Column widths of journals, in millimetres. */
export const columnWidths = { single: 85, oneAndHalf: 120, double: 178 } as const;
export type ColumnWidth = keyof typeof columnWidths;

/**
 * Checks a specification and fills in its defaults.
 * @throws AdjointError `bad-request` that names every place that is wrong
 */
export function parseFigure(value: unknown, where?: string): Figure {
  const parsed = figureSchema.safeParse(value);
  const findings = parsed.success
    ? lengthFindings(parsed.data)
    : parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  if (parsed.success && findings.length === 0) return parsed.data;
  throw new AdjointError('bad-request', 'This is not the specification of a figure.', {
    where,
    findings,
    fix: 'Export a figure from a chart to see what a specification holds.',
  });
}

/** Arrays of one series that belong together must have one length. */
function lengthFindings(figure: Figure): { path: string; message: string }[] {
  return figure.panels.flatMap((panel, p) =>
    panel.series.flatMap((series, s) => {
      if (series.mark === 'box' || series.mark === 'strip') return [];
      const [own, wanted] =
        series.mark === 'heat' ? [['z'], series.x.length * series.y.length] : [arraysOf(series.mark), series.x.length];
      return own.flatMap((name) => {
        const array = (series as unknown as Record<string, unknown[] | undefined>)[name];
        if (array === undefined || array.length === wanted) return [];
        return [{ path: `panels.${p}.series.${s}.${name}`, message: `has ${array.length} values, not ${wanted}` }];
      });
    }),
  );
}

/** The columns that a series has beside x. */
export function arraysOf(mark: Exclude<Mark, 'box' | 'strip' | 'heat'>): string[] {
  switch (mark) {
    case 'line':
      return ['y', 'low', 'high', 'raw'];
    case 'points':
      return ['y', 'low', 'high', 'xLow', 'xHigh', 'names'];
    case 'bars':
      return ['y', 'low', 'high'];
    case 'front':
      return ['y'];
  }
}
