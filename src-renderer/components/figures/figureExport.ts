import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { FigureInput } from '@shared/figures/spec';

export type FigurePanels = FigureInput['panels'];

/** What a view hands over to make a figure of: charts as they are now, and where their data come from. */
export interface FigureSource {
  /** Of the files. */
  name: string;
  panels: FigurePanels;
  /** Identifiers of the runs in it. */
  runs: readonly string[];
  /** How the numbers came about where they are not the samples themselves. */
  notes?: readonly string[];
  /** The samples behind the drawing, undecimated: goes into the archive. */
  allSamples?: () => Promise<{ name: string; csv: string }[]>;
}

/** The figure that is being exported; its panel lies over whatever view it comes from. */
export const useFigureExport = defineStore('figureExport', () => {
  const source = shallowRef<FigureSource | null>(null);
  const open = (figure: FigureSource): void => void (source.value = figure);
  const close = (): void => void (source.value = null);
  return { source, open, close };
});
