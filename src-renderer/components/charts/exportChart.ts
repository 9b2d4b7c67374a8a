import { heatColours } from '../../theme/heatColours';
import { light } from '../../theme/tokens';
import type { ChartModel } from './chartModel';
import { makeChartOption } from './chartOption';
import { init } from './echarts';
import type { HeatModel } from './heatModel';
import { paintHeat } from './paintHeat';

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

export interface HeatPicture {
  model: HeatModel;
  title: string;
  xTitle: string;
  width: number;
  height: number;
}

/** @param ratio pixels per unit of length */
export async function heatPng({ model, title, xTitle, width, height }: HeatPicture, ratio = 2): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('The picture could not be made.');
  context.scale(ratio, ratio);
  const colours = heatColours(model.diverging ? 'diverging' : 'sequential', 'light');
  paintHeat(context, { model, colours, tokens: light, frame: { width, height }, xTitle, title });
  return pngOf(canvas);
}

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
    return await pngOf(canvas);
  } finally {
    chart.dispose();
  }
}

const pngOf = (canvas: HTMLCanvasElement): Promise<Blob> =>
  new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture could not be made.'))), 'image/png'),
  );
