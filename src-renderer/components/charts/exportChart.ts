import { light } from '../../theme/tokens';
import type { ChartModel } from './chartModel';
import { makeChartOption } from './chartOption';
import { init } from './echarts';

export interface Picture {
  model: ChartModel;
  title: string;
  xTitle: string;
  width: number;
  height: number;
}

/** Pictures go on paper: always the light theme, with title and axis title written in. */
const optionOf = ({ model, title, xTitle, width, height }: Picture) =>
  makeChartOption({
    model,
    tokens: light,
    frame: { width, height },
    directLabels: model.series.length > 1,
    title,
    xTitle,
  });

/** @param ratio pixels per unit of length */
export async function chartPng(picture: Picture, ratio = 2): Promise<Blob> {
  const canvas = document.createElement('canvas');
  const chart = init(canvas, undefined, {
    renderer: 'canvas',
    width: picture.width,
    height: picture.height,
    devicePixelRatio: ratio,
  });
  chart.setOption(optionOf(picture));
  try {
    return await new Promise<Blob>((resolve, reject) =>
      canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error('The picture could not be made.'))),
        'image/png',
      ),
    );
  } finally {
    chart.dispose();
  }
}

export function saveFile(name: string, content: Blob | string, type = 'text/plain'): void {
  const blob = typeof content === 'string' ? new Blob([content], { type }) : content;
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the blob after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A file name from a title: letters, digits and dashes. */
export const fileName = (...parts: string[]): string =>
  parts
    .map((part) =>
      part
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, ''),
    )
    .filter(Boolean)
    .join('-');
