/** Measurements of the process itself, for the system clock. */
export class SystemMeter {
  #last = { cpu: process.cpuUsage(), wall: performance.now(), active: 0, step: 0 };

  constructor(active: number, step: number) {
    this.#last.active = active;
    this.#last.step = step;
  }

  /** Since the last call. */
  measure(active: number, step: number): Record<string, number | null> {
    const { cpu, wall, active: activeBefore, step: stepBefore } = this.#last;
    const used = process.cpuUsage(cpu);
    const now = performance.now();
    this.#last = { cpu: process.cpuUsage(), wall: now, active, step };
    const activeElapsed = active - activeBefore;
    return {
      'system/memory': process.memoryUsage.rss() / 1e6,
      'system/cpu': (used.user + used.system) / 1e3 / Math.max(1e-3, now - wall),
      'system/steps_per_second': activeElapsed > 0 ? (step - stepBefore) / activeElapsed : null,
    };
  }
}
