import { cpus, hostname, loadavg } from 'node:os';
import type { Attempt } from '@shared/run';
import type { Device } from '../numerics/devices/device';
import { simdLevel } from '../numerics/devices/simd';

/** What attempt.json says of the process and the machine: all that results and times may depend on. */
export function describeAttempt(
  attempt: number,
  resumedFrom: Attempt['resumedFrom'],
  device: Pick<Device, 'dtype' | 'threads' | 'detail' | 'packages'> & { name: string },
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
    device: { name: device.name, dtype: device.dtype, threads: device.threads, detail: device.detail },
    packages: device.packages,
  };
}
