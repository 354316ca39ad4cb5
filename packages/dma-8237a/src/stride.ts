import type { PortDevice } from '@longmode/device';

/** A controller whose registers are at every second port, as the second one of a PC is: C0h to DFh, each register twice. */
export function atEverySecondPort(device: PortDevice): PortDevice {
  return {
    readPort: (offset, width) => device.readPort(offset >> 1, width),
    writePort: (offset, width, value) => device.writePort(offset >> 1, width, value),
  };
}
