import { Command } from 'commander';
import { probeDevices } from '../numerics/devices/probe';
import { action, printJson, printLine, withCommonOptions, type CommonOptions } from './context';
import { renderTable } from './table';

export function devicesCommand(): Command {
  return withCommonOptions(
    new Command('devices').description('What a run can compute on here, and why something is missing.'),
  ).action(
    action(async (options: CommonOptions) => {
      const devices = await probeDevices(options.workspace);
      if (options.json) return devices.forEach(printJson);
      printLine(
        renderTable(devices, [
          { title: 'device', cell: (device) => (device.isDefault ? `${device.name} (default)` : device.name) },
          { title: 'precision', cell: (device) => device.dtype },
          { title: 'available', cell: (device) => (device.available ? 'yes' : 'no') },
          { title: '', cell: (device) => device.detail },
        ]),
      );
    }),
  );
}
