import { z } from 'zod';
import { AdjointError, type Finding } from '@shared/errors';

/** Shapes that case files have in common. */
export const vector = z.array(z.number());
export const matrix = z.array(vector);
/** `null` is no bound. */
export const bounds = z.array(z.number().nullable());

/** What a zod schema found wrong, with paths inside the document. */
export const findingsOf = ({ issues }: z.ZodError, parent: readonly string[] = []): Finding[] =>
  issues.map(({ path, message }) => ({ path: [...parent, ...path].join('.'), message }));

/**
 * A file that holds one JSON object of a format, such as `nlls/1`.
 *
 * @throws AdjointError `bad-request` for text that is no JSON, and naming every part that the schema does not allow; `fix` says what the
 * format has
 */
export function readCase<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  { where, format, fix }: { where: string; format: string; fix: string },
): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AdjointError('bad-request', `This is not JSON: ${(cause as Error).message}`, {
      where,
      fix: `The file is a JSON object with "format": "${format}". JSON has no NaN and no Infinity; null is no bound.`,
      cause,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AdjointError('bad-request', `This is not a file of the format ${format}.`, {
    where,
    findings: findingsOf(parsed.error),
    fix,
  });
}

/**
 * The part `expected` of a case.
 *
 * @throws AdjointError `bad-request` for a case that expects nothing that can be compared
 */
export function readExpected<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  { where, fix }: { where: string; fix: string },
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AdjointError('bad-request', 'The case does not say what it expects in a form that can be compared.', {
    where,
    findings: findingsOf(parsed.error, ['expected']),
    fix,
  });
}
