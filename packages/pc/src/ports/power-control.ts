/**
 * A port by which a guest turns the machine off: the registers at which other emulators have the sleep control of ACPI's
 * power management (PM1a_CNT), and at which teaching kernels write the value for "soft off" without reading any table.
 *
 * **Not emulated**: the rest of ACPI's fixed hardware; reads give zero, other values do nothing.
 *
 * @source ACPI Specification 6.5, "PM1 Control Registers" (SLP_EN is bit 13, SLP_TYP bits 10 to 12, whose value for "off"
 * is the platform's)
 */
import type { AccessWidth, PortDevice } from '@longmode/device';

/** The ports in use, and what a guest writes there to turn the machine off. */
export const POWER_OFF_PORTS: readonly { readonly port: number; readonly value: number }[] = [
  // QEMU's older versions and Bochs; VirtualBox. The one that is described to the guest is `acpi-pm`.
  { port: 0xb004, value: 0x2000 },
  { port: 0x4004, value: 0x3400 },
];

/** See the file header. */
export class PowerControl implements PortDevice {
  readonly #value: number;
  readonly #powerOff: () => void;

  /** @param dependencies `value`: what means "off" at this port */
  constructor(dependencies: { value: number; powerOff(): void }) {
    this.#value = dependencies.value;
    this.#powerOff = dependencies.powerOff;
  }

  readPort(_offset: number, _width: AccessWidth): number {
    return 0;
  }

  writePort(_offset: number, _width: AccessWidth, value: number): void {
    if ((value & 0xffff) === this.#value) this.#powerOff();
  }
}
