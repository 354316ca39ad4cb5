import type { Cpu } from '@longmode/cpu-x86';
import type { ConfigSpace } from '@longmode/pci';

/** PAM0 of the host bridge; PAM1 to PAM6 follow. */
const PAM0 = 0x59;
const SEGMENT_BASE = 0xc0000;
const SEGMENT_SIZE = 0x4000;
const SEGMENT_COUNT = 12;
const BIOS_BASE = 0xf0000;
const ONE_MIB = 0x10_0000;
const WRITE_ENABLE = 2;

/**
 * The programmable attribute map of the host bridge: whether C0000h to FFFFFh can be written. What is read there is always
 * RAM; a reset copies the ROM into it, so that firmware which copies its ROM itself copies what is there.
 *
 * @source Intel 82441FX (PMC) datasheet, "PAM – Programmable Attribute Map Registers"
 */
export class ShadowRam {
  readonly #cpu: Cpu;
  /** A bit for each range, set for RAM; from C0000h up, the last one 64 KiB. */
  #writable = 0;

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
    for (let range = 0; range <= SEGMENT_COUNT; range++) this.#set(range, false);
  }

  /** Does what the registers say now. */
  follow(bridge: ConfigSpace): void {
    let writable = 0;
    for (let range = 0; range <= SEGMENT_COUNT; range++) {
      // PAM0 has the BIOS area in its high half; each of the others has two segments, the lower one in its low half.
      const isBios = range === SEGMENT_COUNT;
      const register = bridge.read(isBios ? PAM0 : PAM0 + 1 + (range >> 1), 8);
      const attributes = isBios || (range & 1) !== 0 ? register >> 4 : register;
      if ((attributes & WRITE_ENABLE) !== 0) writable |= 1 << range;
    }
    const changed = writable ^ this.#writable;
    this.#writable = writable;
    for (let range = 0; range <= SEGMENT_COUNT; range++) {
      if ((changed & (1 << range)) !== 0) this.#set(range, (writable & (1 << range)) !== 0);
    }
  }

  #set(range: number, isWritable: boolean): void {
    const start = range === SEGMENT_COUNT ? BIOS_BASE : SEGMENT_BASE + range * SEGMENT_SIZE;
    const end = range === SEGMENT_COUNT ? ONE_MIB : start + SEGMENT_SIZE;
    this.#cpu.setMemoryRegion(start, end, isWritable ? 'ram' : 'rom');
  }
}
