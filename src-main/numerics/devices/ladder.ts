import { AdjointError } from '@shared/errors';
import type { Device, DeviceOptions, DeviceRequest } from './device';
import { ladder } from './providers';

/**
 * Loads a device. `auto` takes the best rung that loads and says in `detail` which installed ones did not; a device asked for
 * by name is that device or an error, never another one.
 * @throws AdjointError `device-unavailable` with the reason.
 */
export async function loadDevice(request: DeviceRequest, options: DeviceOptions = { threads: 1 }): Promise<Device> {
  if (request !== 'auto') return loadNamed(request, options);
  const passedOver: string[] = [];
  for (const provider of ladder) {
    if (!provider.probe(options).available) continue;
    try {
      const device = await provider.load(options);
      return passedOver.length === 0 ? device : { ...device, detail: [device.detail, ...passedOver].join('; ') };
    } catch (error) {
      passedOver.push(`${provider.name} passed over: ${reason(error)}`);
    }
  }
  throw new AdjointError('device-unavailable', 'No device of the ladder could be loaded.', {
    where: 'device: auto',
    fix: passedOver.join('; '),
  });
}

async function loadNamed(request: string, options: DeviceOptions): Promise<Device> {
  const provider = ladder.find(({ name }) => name === request);
  const known = ladder.map(({ name }) => name).join(', ');
  if (!provider)
    throw new AdjointError('device-unavailable', `There is no device “${request}”.`, {
      where: 'device',
      fix: `Choose auto or one of ${known}.`,
    });
  try {
    return await provider.load(options);
  } catch (error) {
    throw new AdjointError('device-unavailable', `The device “${request}” is not available: ${reason(error)}.`, {
      where: `device: ${request}`,
      fix: `Make it available, or choose another device (auto, ${known}).`,
      cause: error,
    });
  }
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
