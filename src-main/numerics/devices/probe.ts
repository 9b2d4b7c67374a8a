import type { DeviceInfo } from '@shared/contract';
import { ladder } from './providers';

/**
 * Every rung of the ladder, with whether and why it is available; loads none of them. Optional packages are looked for in the
 * project and in `workspace`.
 */
export async function probeDevices(workspace?: string): Promise<DeviceInfo[]> {
  const options = { threads: 1, packageFolders: workspace === undefined ? [] : [workspace] };
  const found = ladder.map((provider) => ({ provider, ...provider.probe(options) }));
  const best = found.find((rung) => rung.available)?.provider;
  return found.map(({ provider, available, detail }) => ({
    name: provider.name,
    label: provider.label,
    dtype: provider.dtype,
    available,
    detail,
    isDefault: provider === best,
  }));
}
