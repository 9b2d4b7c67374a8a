import type { Qcqp } from '../../problem';
import { seekingLayers, type SeekingLayerSettings } from '../fsNet/layers';
import type { HostLayer } from '../hostLayer';
import { projectionLayer } from './projectionLayer';

/** As in training, and as in validation. */
export type HostLayerName = 'training' | 'test';
export type HostLayers = Record<HostLayerName, HostLayer>;

/** Layers that any thread can make for itself, and of which a result depends on its own instance only. */
export type HostLayersOf = { problem: Qcqp } & (
  { kind: 'fsNet'; settings: SeekingLayerSettings } | { kind: 'convexProjection' }
);

export function makeHostLayers(of: HostLayersOf): HostLayers {
  if (of.kind === 'fsNet') return seekingLayers(of.settings, of.problem);
  const layer = projectionLayer(of.problem);
  return { training: layer, test: layer };
}
