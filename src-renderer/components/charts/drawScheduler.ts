/** Where time comes from; replaced in tests. */
export interface Pulse {
  now(): number;
  nextFrame(callback: () => void): void;
}

const browser: Pulse = {
  now: () => performance.now(),
  nextFrame: (callback) => void requestAnimationFrame(callback),
};

/** Of the page's time, charts that follow live data take at most this share. */
const share = 0.4;
/** Milliseconds between two drawings of one chart: 20 a second where that is cheap, 4 where a slow machine has many charts. */
const shortest = 50;
const longest = 250;
/** Milliseconds of drawing in one frame of the page, so that twelve charts never make one long pause. */
const perFrame = 10;
/** The same while a person moves something: the charts follow within the next frames, the pointer always. */
const perUrgentFrame = 4;

interface Entry {
  draw: () => void;
  dirty: boolean;
  urgent: boolean;
  lastDrawn: number;
}

/**
 * Draws charts at a common pace. However many things change a chart between two frames, it is drawn once; live data are drawn as often as
 * the machine can afford, measured by what drawing costs; what a person does (zoom, resize, theme) is drawn in the next frames, as many charts in
 * each as leave it short.
 */
export class DrawScheduler {
  private readonly entries = new Set<Entry>();
  private readonly pulse: Pulse;
  private waiting = false;
  /** Milliseconds that drawing one chart takes, a moving average. */
  private cost = 2;

  constructor(pulse: Pulse = browser) {
    this.pulse = pulse;
  }

  /** Milliseconds between two drawings of a chart with live data at present. */
  get interval(): number {
    return Math.min(longest, Math.max(shortest, (this.cost * this.entries.size) / share));
  }

  /** @returns `request` asks for a drawing; `remove` ends it all */
  add(draw: () => void): { request: (urgent?: boolean) => void; remove: () => void } {
    const entry: Entry = { draw, dirty: false, urgent: false, lastDrawn: -Infinity };
    this.entries.add(entry);
    return {
      request: (urgent = false) => {
        entry.dirty = true;
        entry.urgent ||= urgent;
        this.wait();
      },
      remove: () => void this.entries.delete(entry),
    };
  }

  private wait(): void {
    if (this.waiting) return;
    this.waiting = true;
    this.pulse.nextFrame(() => this.frame());
  }

  private frame(): void {
    this.waiting = false;
    const begun = this.pulse.now();
    // Who has waited longest goes first; what a person waits for goes before that.
    const due = [...this.entries]
      .filter(({ dirty, urgent, lastDrawn }) => dirty && (urgent || begun - lastDrawn >= this.interval))
      .sort((a, b) => Number(b.urgent) - Number(a.urgent) || a.lastDrawn - b.lastDrawn);
    for (const entry of due) {
      const before = this.pulse.now();
      if (before > begun && before - begun >= (entry.urgent ? perUrgentFrame : perFrame)) break;
      entry.dirty = false;
      entry.urgent = false;
      entry.draw();
      entry.lastDrawn = begun;
      this.cost += 0.1 * (this.pulse.now() - before - this.cost);
    }
    if ([...this.entries].some(({ dirty }) => dirty)) this.wait();
  }
}

/** One pace for all charts of the window. */
export const drawScheduler = new DrawScheduler();
