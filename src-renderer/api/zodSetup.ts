import { z } from 'zod';

// zod compiles object schemas with `new Function`, which the content security policy forbids. This must run before the first
// schema is made: main.ts imports it first.
z.config({ jitless: true });
