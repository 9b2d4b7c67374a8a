import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectCheckpoint, readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint';
import { temporaryDirectory } from './fixtures/examples';

const example: Checkpoint = {
  tensors: new Map([
    ['layer.0/weight', { dtype: 'F32' as const, shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 0.1) }],
    ['adam/m', { dtype: 'F64' as const, shape: [3], data: Float64Array.of(0.1, -1e300, 5e-324) }],
    ['order', { dtype: 'I32' as const, shape: [5], data: Int32Array.of(4, -3, 2, 1, 0) }],
    ['empty', { dtype: 'F64' as const, shape: [0, 4], data: new Float64Array(0) }],
    ['scalar', { dtype: 'F64' as const, shape: [], data: Float64Array.of(7) }],
  ]),
  state: { epoch: 3, step: 120, generator: { name: 'pcg64', words: ['12345678901234567890'] }, note: 'λ' },
};

let directory: ReturnType<typeof temporaryDirectory>;
let path: string;
beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory.path, '000000120.safetensors');
});
afterEach(() => directory.remove());

describe('checkpoint', () => {
  it('reads back bit for bit and leaves no temporary file', () => {
    writeCheckpoint(path, example);
    const found = readCheckpoint(path);
    expect(found.state).toEqual(example.state);
    for (const [name, tensor] of example.tensors) expect(found.tensors.get(name)).toEqual(tensor);
    expect(readdirSync(directory.path)).toEqual(['000000120.safetensors']);
    expect(inspectCheckpoint(path)).toMatchObject({ valid: true, state: example.state });
  });

  it('notices every flipped bit and every truncation', () => {
    writeCheckpoint(path, example);
    const good = readFileSync(path);
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at] ^= 1 << (at % 8);
      writeFileSync(path, bad);
      let outcome: unknown;
      try {
        outcome = readCheckpoint(path);
      } catch (error) {
        expect(error).toMatchObject({ code: 'corrupt' });
        continue;
      }
      // Only the padding of the header lies outside the checksum.
      expect(outcome).toEqual(example);
    }
    for (let length = 0; length < good.length; length += 7) {
      writeFileSync(path, good);
      truncateSync(path, length);
      expect(() => readCheckpoint(path)).toThrow(/torn|bytes where|header/);
      expect(inspectCheckpoint(path).valid).toBe(false);
    }
  });

  it('names a missing file and a tensor that does not fit its shape', () => {
    expect(() => readCheckpoint(path)).toThrow('No such file');
    const tensors = new Map([['w', { dtype: 'F32' as const, shape: [3], data: Float32Array.of(1) }]]);
    expect(() => writeCheckpoint(path, { tensors, state: null })).toThrow('Tensor "w" does not hold F32[3]');
  });

  it('is read by the safetensors package of Python', (context) => {
    const script = `
import sys
try:
    from safetensors import safe_open
except ImportError:
    sys.exit(77)
import numpy, json
with safe_open(sys.argv[1], 'np') as f:
    print(json.dumps({'state': f.metadata()['state'], 'm': f.get_tensor('adam/m').tolist(), 'w': f.get_tensor('layer.0/weight').tolist(), 'empty': list(f.get_tensor('empty').shape)}))`;
    writeCheckpoint(path, example);
    const python = spawnSync('python3', ['-c', script, path], { encoding: 'utf8' });
    if (python.error || python.status === 77) {
      console.log('skipped: python3 with the safetensors package is not installed here');
      return context.skip();
    }
    expect(python.stderr).toBe('');
    const found = JSON.parse(python.stdout) as Record<string, unknown>;
    expect(JSON.parse(found.state as string)).toEqual(example.state);
    expect(found.m).toEqual([0.1, -1e300, 5e-324]);
    expect(found.w).toEqual([
      [1, 2, 3],
      [4, 5, Math.fround(0.1)],
    ]);
    expect(found.empty).toEqual([0, 4]);
  });
});
