import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Generator } from '@shared/random/generator';
import { complementarityMargin, makeBoxQp, objective, solveBoxQp, type BoxQpData } from './boxQp';
