/**
 * The display adapter of emulated PCs, a VGA with the display interface of Bochs: identifiers 1234h and 1111h, and a linear
 * frame buffer behind base address 0.
 *
 * **Not emulated**: the registers of newer ones in memory, behind base address 2.
 *
 * @source QEMU, "QEMU Standard VGA"
 */
import { COMMAND_IO, COMMAND_MEMORY, type ConfigLayout } from './config-space.ts';

/** @param memorySizeBytes video memory: a power of two */
export function bochsDisplay(memorySizeBytes: number): ConfigLayout {
  return {
    vendorId: 0x1234,
    deviceId: 0x1111,
    revision: 2,
    classCode: 0x030000,
    command: 0,
    commandWritable: COMMAND_IO | COMMAND_MEMORY,
    status: 0,
    baseAddresses: { 0: { space: 'memory', sizeBytes: memorySizeBytes, isPrefetchable: true } },
  };
}
