import type { AccessWidth, MemoryDevice } from '@longmode/device';
import { FwCfg } from '@longmode/fw-cfg';
import { type ConfigLayout, HOST_BRIDGE_82441FX, IDE_PIIX3 } from '@longmode/pci';

/** A firmware ROM in place of this machine's own firmware, such as SeaBIOS. */
export interface FirmwareImage {
  /** A multiple of 64 KiB, up to 16 MiB. Its end is at 4 GiB, and its last 128 KiB are below 1 MiB too. */
  readonly rom: Uint8Array;
  /** The option ROM of the display adapter, which the firmware gets as the file `vgaroms/vgabios.bin`. */
  readonly vgaRom?: Uint8Array;
}

const FOUR_GIB = 0x1_0000_0000;
const ONE_MIB = 0x10_0000;
const ROM_UNIT_BYTES = 0x10000;
const ROM_SIZE_MAX_BYTES = 0x100_0000;
const SHADOW_SIZE_BYTES = 0x20000;
const VGA_ROM_FILE = 'vgaroms/vgabios.bin';

/** CMOS bytes in which SeaBIOS looks for the boot order, a digit for each place: 1 floppy, 2 hard disk, 3 CD-ROM. */
const CMOS_BOOT_ORDER = 0x3d;
const CMOS_BOOT_ORDER_LAST = 0x38;

/** The host bridge with the subsystem ID by which firmware recognizes a machine that has the configuration device. */
export const HOST_BRIDGE_WITH_FW_CFG: ConfigLayout = {
  ...HOST_BRIDGE_82441FX,
  fields: [
    ...(HOST_BRIDGE_82441FX.fields ?? []),
    { offset: 0x2c, sizeBytes: 2, value: 0x1af4 },
    { offset: 0x2e, sizeBytes: 2, value: 0x1100 },
  ],
};

/** The IDE interface with a base address of 32 bits: SeaBIOS takes the size of one of 16 for 64 KiB and more. */
export const IDE_FOR_FIRMWARE_ROM: ConfigLayout = {
  ...IDE_PIIX3,
  baseAddresses: { 4: { space: 'io', sizeBytes: 16, keepsUpperHalf: true } },
};

/** The ROM below 4 GiB. What is below 1 MiB is a copy in RAM, which the firmware can write when it has asked the chipset. */
export class FirmwareRom implements MemoryDevice {
  readonly sizeBytes: number;
  /** First physical address. */
  readonly base: number;
  readonly #rom: Uint8Array;

  /** Whether a ROM has a size that a machine can map. */
  static accepts({ rom }: FirmwareImage): boolean {
    return rom.length > 0 && rom.length % ROM_UNIT_BYTES === 0 && rom.length <= ROM_SIZE_MAX_BYTES;
  }

  /** @throws RangeError for a size that no such ROM has */
  constructor(image: FirmwareImage) {
    const { rom } = image;
    if (!FirmwareRom.accepts(image)) {
      throw new RangeError(`a firmware ROM of ${rom.length} bytes: a multiple of 64 KiB up to 16 MiB is one`);
    }
    this.#rom = rom;
    this.sizeBytes = rom.length;
    this.base = FOUR_GIB - rom.length;
  }

  /** What the last 128 KiB below 1 MiB show after a reset. */
  get shadow(): { readonly address: number; readonly bytes: Uint8Array } {
    const bytes = this.#rom.subarray(-Math.min(this.#rom.length, SHADOW_SIZE_BYTES));
    return { address: ONE_MIB - bytes.length, bytes };
  }

  readMemory(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let at = 0; at < width / 8; at++) value += (this.#rom[offset + at] ?? 0xff) * 2 ** (8 * at);
    return value;
  }
  writeMemory(): void {}
}

/** The configuration device with what such a firmware asks for. */
export function firmwareConfiguration({ vgaRom }: FirmwareImage): FwCfg {
  return new FwCfg({ files: vgaRom === undefined ? [] : [{ name: VGA_ROM_FILE, bytes: vgaRom }] });
}

/** Stores the boot order where such a firmware looks for it. @param order drive numbers as INT 13h counts them */
export function writeBootOrder(cmos: Uint8Array, order: readonly number[]): void {
  const kinds = [...new Set(order.map((drive) => (drive >= 0xe0 ? 3 : drive >= 0x80 ? 2 : 1)))];
  const [first = 0, second = 0, third = 0] = kinds;
  cmos[CMOS_BOOT_ORDER] = first | (second << 4);
  cmos[CMOS_BOOT_ORDER_LAST] = third << 4;
}
