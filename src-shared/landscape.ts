import { z } from 'zod';

// F(x) = f(x, y*(x)) of a bilevel problem over a plane or along a line: what is asked of the engine and what it answers.

/** Where a bilevel problem comes from. A file's text can be sent in place of its path: a browser does not tell paths. */
export const bilevelSourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('family'), family: z.string(), settings: z.record(z.string(), z.unknown()) }),
  z.object({ kind: z.literal('case'), name: z.string() }),
  z.object({ kind: z.literal('file'), path: z.string().min(1) }),
  z.object({ kind: z.literal('text'), text: z.string(), name: z.string().default('pasted text') }),
  /** What a run solves, from where it began. */
  z.object({ kind: z.literal('run'), id: z.string() }),
]);
export type BilevelSource = z.infer<typeof bilevelSourceSchema>;

const point = z.array(z.number());
const interval = z.tuple([z.number(), z.number()]);

/**
 * Through which points: along coordinates of x, the others held as at the start; or through up to three points, the first of which is
 * the origin. Of a one-dimensional x, or two points, it is a line.
 */
export const landscapePlaneSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('coordinates'), of: z.array(z.number().int().nonnegative()).min(1).max(2).optional() }),
  z.object({ kind: z.literal('points'), points: z.array(point).min(2).max(3), names: z.array(z.string()).default([]) }),
]);
export type LandscapePlane = z.infer<typeof landscapePlaneSchema>;

export const landscapeAskSchema = z.object({
  source: bilevelSourceSchema,
  plane: landscapePlaneSchema.default({ kind: 'coordinates' }),
  /** Part of the plane to look at; without it the start, the points below and a least value are in sight. */
  window: z.object({ s: interval, t: interval.optional() }).optional(),
  /** x that should be in sight, [d] each: a path. */
  hold: z.array(point).max(64).default([]),
  /** Cells a side, at most; a power of two times 12. */
  cells: z.union([z.literal(24), z.literal(48), z.literal(96), z.literal(192)]).default(96),
  /** A newer question with the same key takes the place of an older one. */
  key: z.string().default(''),
});
export type LandscapeAsk = z.infer<typeof landscapeAskSchema>;

/** A point of the plane, and how far the point that it stands for is from the plane. */
const placeSchema = z.object({ s: z.number(), t: z.number(), distance: z.number() });
export type LandscapePlace = z.infer<typeof placeSchema>;

/** A line where the active set of y*(x) changes; `jump`: F is not continuous there; `edge`: the lower level has no solution beyond. */
export const kinkKinds = ['kink', 'jump', 'edge'] as const;

export const landscapeSchema = z.object({
  /** Entries of x, and directions of the picture: 1 or 2. */
  d: z.number().int(),
  dimensions: z.union([z.literal(1), z.literal(2)]),
  /** x = origin + s·u + t·v; u and v are orthonormal, [d] each. */
  origin: point,
  directions: z.array(point).min(1).max(2),
  /** What the axes are. */
  axes: z.array(z.string()).min(1).max(2),
  s: interval,
  t: interval,
  /** Points along s and t (1 of a line), and how far the picture is refined: passes done of those planned. */
  size: z.tuple([z.number().int(), z.number().int()]),
  passes: z.tuple([z.number().int(), z.number().int()]),
  /** F at [k·size₀ + i], at t_k and s_i; null where there is none. */
  values: z.array(z.number().nullable()),
  /** Number of the active set; −1 − r where y*(x) does not exist, for reason r. */
  sets: z.array(z.number().int()),
  /** Words for the active sets by number, and for the reasons. */
  setNames: z.array(z.string()),
  reasons: z.array(z.string()),
  /** Of a plane: pieces [s, t, s, t] of the lines where the active set changes. */
  kinks: z.record(z.enum(kinkKinds), z.array(z.tuple([z.number(), z.number(), z.number(), z.number()]))),
  /** Of a plane: polygons s, t, s, t, … that cover where there is no F. */
  outside: z.array(z.array(z.number())),
  /** Of a line: its kinks, with dF/ds on both sides. */
  corners: z.array(
    z.object({
      s: z.number(),
      F: z.number(),
      jump: z.boolean(),
      left: z.number().nullable(),
      right: z.number().nullable(),
    }),
  ),
  start: placeSchema,
  /** The known optimum, where the problem has one. */
  optimum: placeSchema.extend({ F: z.number() }).nullable(),
  /** The least value on the grid. */
  least: z.object({ s: z.number(), t: z.number(), F: z.number() }).nullable(),
  /** What was left out or what one should know, in sentences. */
  notes: z.array(z.string()),
});
export type Landscape = z.infer<typeof landscapeSchema>;
