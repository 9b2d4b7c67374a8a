import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import type { Engine } from './api';

/** Starts the example run that comes with Adjoint; returns its id. */
export async function startDemo(engine: Engine, resources: string): Promise<string> {
  const yaml = readFileSync(join(resources, 'experiments', 'demo.yaml'), 'utf8');
  const client = createRouterClient(engine.router);
  const { ids } = await client.runs.create({ yaml });
  return ids[0];
}
