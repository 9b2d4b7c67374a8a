import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus, hostname, loadavg } from 'node:os';
import type { Attempt } from '@shared/run';
import type { Device } from '../numerics/devices/device';
import { simdLevel } from '../numerics/devices/simd';

/** What attempt.json says of the process and the machine: all that results and times may depend on. */
export function describeAttempt(
  attempt: number,
  resumedFrom: Attempt['resumedFrom'],
  device: Pick<Device, 'dtype' | 'threads' | 'detail' | 'packages'> & { name: string },
  build: string,
): Attempt {
  const processors = cpus();
  return {
    attempt,
    resumedFrom,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    host: hostname(),
    platform: `${process.platform} ${process.arch}`,
    cpu: {
      model: processors[0]?.model.trim() ?? 'unknown',
      cores: Math.max(1, processors.length),
      simd: simdLevel(),
      load: loadavg()[0],
    },
    node: process.version,
    build,
    device: { name: device.name, dtype: device.dtype, threads: device.threads, detail: device.detail },
    packages: device.packages,
  };
}

/** Identifies a program by its entry file: chunks are named by their contents, so that its hash stands for all of them. */
export function buildOf(entry: string): string {
  return createHash('sha256').update(readFileSync(entry)).digest('hex').slice(0, 16);
}

/**
 * What the bits of a result depend on and what is another one than in the attempt before, in words; empty where a resumed run goes on
 * bit for bit. What was not recorded is passed over.
 */
export function whatChanged(before: Attempt, now: Attempt): string[] {
  const parts: [string, string | undefined, string | undefined][] = [
    ['Adjoint’s build', before.build, now.build],
    ['Node', before.node, now.node],
    ['device', before.device.name, now.device.name],
    ['SIMD level', before.cpu.simd, now.cpu.simd],
    ['platform', before.platform, now.platform],
    ...Object.keys(now.packages).map((name): [string, string | undefined, string] => [
      name,
      before.packages[name],
      now.packages[name],
    ]),
  ];
  return parts.flatMap(([what, old, current]) =>
    old === undefined || old === current ? [] : [`${what} (was ${old}, is ${current})`],
  );
}
