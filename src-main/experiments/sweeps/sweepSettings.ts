import { z } from 'zod';

/** One setting of a sweep and the values that it takes, as the file says them. */
export type Axis =
  | { kind: 'list'; values: unknown[] }
  | { kind: 'linear' | 'log'; from: number; to: number; count: number }
  | { kind: 'uniform' | 'logUniform' | 'integers'; from: number; to: number }
  | { kind: 'choice'; values: unknown[] };

export const isRandom = (axis: Axis): boolean => ['uniform', 'logUniform', 'integers', 'choice'].includes(axis.kind);

/** Number of values on an axis of a grid. */
export const lengthOf = (axis: Axis): number =>
  'count' in axis ? axis.count : 'values' in axis ? axis.values.length : 1;

const count = z.int().min(2).max(10_000);
const ascending = <T extends z.ZodType<{ from: number; to: number }>>(schema: T) =>
  schema.refine(({ from, to }) => from < to, { error: 'must end above its beginning', path: ['to'] });
const between = (number: z.ZodNumber | z.ZodInt) => ascending(z.strictObject({ from: number, to: number }));
const positive = z.number().positive();

const listSchema = z.array(z.unknown()).min(1);
const linearSchema = z.strictObject({ from: z.number(), to: z.number(), count });
/** Axes that are named by their only key. */
const namedSchemas = {
  log: z.strictObject({ from: positive, to: positive, count }),
  uniform: between(z.number()),
  logUniform: between(positive),
  integers: between(z.int()),
  choice: listSchema,
} as const;
type Named = keyof typeof namedSchemas;

const forms =
  'a list of values, {from, to, count}, {log: {from, to, count}}, or at random {uniform: {from, to}}, ' +
  '{logUniform: {from, to}}, {integers: {from, to}}, {choice: […]}';

const rangeKeys = (kind: string | undefined) => (kind === undefined || kind === 'log' ? 'from, to, count' : 'from, to');

/** Takes the form apart by its shape: a union of schemas would only say that none of them fits. */
const axisSchema = z.unknown().transform((value, context): Axis => {
  const refuse = (message: string, path: PropertyKey[] = []): Axis => {
    context.issues.push({ code: 'custom', message, path, input: value });
    return z.NEVER;
  };
  const read = <T extends z.ZodType>(schema: T, part: unknown, path: string[]): z.output<T> | null => {
    const parsed = schema.safeParse(part);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      const at = [...path, ...issue.path];
      if (issue.code === 'unrecognized_keys')
        refuse(`unknown key “${issue.keys[0]}”; a range has ${rangeKeys(path[0])}`, at);
      else context.issues.push({ ...issue, path: at, input: part } as z.core.$ZodRawIssue);
    }
    return null;
  };

  if (Array.isArray(value)) {
    const values = read(listSchema, value, []);
    return values ? { kind: 'list', values } : z.NEVER;
  }
  if (typeof value !== 'object' || value === null) return refuse(`expected ${forms}`);
  const keys = Object.keys(value);
  if (keys.length === 1 && Object.hasOwn(namedSchemas, keys[0])) {
    const kind = keys[0] as Named;
    const part = (value as Record<string, unknown>)[kind];
    if (kind === 'choice') {
      const values = read(namedSchemas.choice, part, [kind]);
      return values ? { kind, values } : z.NEVER;
    }
    if (kind === 'log') {
      const range = read(namedSchemas.log, part, [kind]);
      return range ? { kind, ...range } : z.NEVER;
    }
    const range = read(namedSchemas[kind], part, [kind]);
    return range ? { kind, ...range } : z.NEVER;
  }
  if (!keys.some((key) => ['from', 'to', 'count'].includes(key)))
    return refuse(`expected ${forms}; a setting inside a group is named by its path, such as technique.lambda`);
  const range = read(linearSchema, value, []);
  return range ? { kind: 'linear', ...range } : z.NEVER;
});

/** Paths whose values describe a run and change nothing about it, or are swept in another way. */
const refusedPaths: Record<string, string> = {
  name: 'the name changes nothing about a run',
  notes: 'notes change nothing about a run',
  tags: 'tags change nothing about a run',
  kind: 'a sweep is of one kind of experiment',
  seed: 'say seeds: […] or repeats: n instead, so that runs that differ in their seed only are known as repeats',
};

const axesSchema = z.record(z.string(), axisSchema).superRefine((axes, context) => {
  for (const path of Object.keys(axes)) {
    const keys = path.split('.');
    const why = Object.hasOwn(refusedPaths, keys[0]) ? refusedPaths[keys[0]] : undefined;
    if (why) context.addIssue({ code: 'custom', message: `“${path}” cannot be an axis: ${why}`, path: [path] });
    else if (!keys.every((key) => /^[a-z]\w*$/i.test(key)))
      context.addIssue({ code: 'custom', message: 'is not the path of a setting', path: [path] });
  }
});

/** The `sweep:` block of an experiment file. */
export const sweepSettingsSchema = z
  .strictObject({
    axes: axesSchema.default({}).describe('Values by the path of a setting; every combination is run.'),
    zip: z.array(axesSchema).default([]).describe('Groups of axes of one length that move together.'),
    samples: z.int().min(1).max(10_000).optional().describe('Draws of the random axes, taken together.'),
    seed: z.int().min(0).default(0).describe('Seed of the random axes.'),
    repeats: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('Runs of each point, with seeds counted up from the experiment’s.'),
    seeds: z.array(z.int().min(0)).min(1).max(1000).optional().describe('Seeds of the runs of each point.'),
  })
  .superRefine(({ axes, zip, samples, repeats, seeds }, context) => {
    const refuse = (message: string, ...path: PropertyKey[]) => context.addIssue({ code: 'custom', message, path });
    if (repeats !== undefined && seeds !== undefined) refuse('give either repeats or seeds', 'seeds');
    if (seeds && new Set(seeds).size < seeds.length) refuse('a seed is there twice', 'seeds');
    const paths = [...Object.keys(axes), ...zip.flatMap((group) => Object.keys(group))];
    if (paths.length === 0 && repeats === undefined && seeds === undefined)
      refuse('nothing is swept: give axes, repeats or seeds');
    const twice = paths.find((path, i) => paths.indexOf(path) < i);
    if (twice) refuse(`“${twice}” is swept twice`, 'zip');
    const random = Object.entries(axes).filter(([, axis]) => isRandom(axis));
    if (random.length > 0 && samples === undefined) refuse('is missing: how many draws of the random axes', 'samples');
    if (random.length === 0 && samples !== undefined) refuse('there is no random axis to draw from', 'samples');
    zip.forEach((group, i) => {
      const entries = Object.entries(group);
      const [first] = entries;
      if (!first) return refuse('is empty', 'zip', i);
      for (const [path, axis] of entries) {
        if (isRandom(axis)) refuse('random axes move together anyway: put it under axes', 'zip', i, path);
        else if (lengthOf(axis) !== lengthOf(first[1]))
          refuse(`has ${lengthOf(axis)} values, “${first[0]}” has ${lengthOf(first[1])}`, 'zip', i, path);
      }
    });
  });
export type SweepSettings = z.output<typeof sweepSettingsSchema>;
