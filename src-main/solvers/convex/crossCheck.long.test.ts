import { it } from 'vitest';
import { crossCheck } from './fixtures/crossCheck';
import { problemClasses } from './fixtures/random';

it.each(problemClasses)('200 random problems of the class %s end as HiGHS and SCS say', (kind) =>
  crossCheck(kind, 200),
);
