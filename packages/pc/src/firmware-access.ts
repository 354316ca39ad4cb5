import type { FirmwareCpu, FirmwareMemory, FirmwareSegment } from '@longmode/bios';
import { type Cpu, CS, DS, ES, type GuestMemory, SS } from '@longmode/cpu-x86';
import type { AccessWidth } from '@longmode/device';
import { VGA_MEMORY_BASE, VGA_MEMORY_SIZE, type Vga } from '@longmode/vga';

const SEGMENT_INDEX: Readonly<Record<FirmwareSegment, number>> = { cs: CS, ds: DS, es: ES, ss: SS };

/** The processor as firmware services see it: 32-bit registers by name. */
export class FirmwareCpuAccess implements FirmwareCpu {
  readonly #cpu: Cpu;

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
  }

  get eax(): number {
    return this.#cpu.state.gpr32(0);
  }
  set eax(value: number) {
    this.#set(0, value);
  }
  get ecx(): number {
    return this.#cpu.state.gpr32(1);
  }
  set ecx(value: number) {
    this.#set(1, value);
  }
  get edx(): number {
    return this.#cpu.state.gpr32(2);
  }
  set edx(value: number) {
    this.#set(2, value);
  }
  get ebx(): number {
    return this.#cpu.state.gpr32(3);
  }
  set ebx(value: number) {
    this.#set(3, value);
  }
  get esp(): number {
    return this.#cpu.state.gpr32(4);
  }
  set esp(value: number) {
    this.#set(4, value);
  }
  get ebp(): number {
    return this.#cpu.state.gpr32(5);
  }
  set ebp(value: number) {
    this.#set(5, value);
  }
  get esi(): number {
    return this.#cpu.state.gpr32(6);
  }
  set esi(value: number) {
    this.#set(6, value);
  }
  get edi(): number {
    return this.#cpu.state.gpr32(7);
  }
  set edi(value: number) {
    this.#set(7, value);
  }
  get cs(): number {
    return this.#selector(CS);
  }
  get ss(): number {
    return this.#selector(SS);
  }
  get ds(): number {
    return this.#selector(DS);
  }
  get es(): number {
    return this.#selector(ES);
  }
  set es(value: number) {
    this.#cpu.state.segments[ES]?.loadRealMode(value);
  }
  segmentBase(segment: FirmwareSegment): number {
    return Number(this.#cpu.state.segments[SEGMENT_INDEX[segment]]?.base ?? 0n);
  }

  #selector(index: number): number {
    return this.#cpu.state.segments[index]?.selector ?? 0;
  }
  /** Firmware runs in 32-bit registers; their upper halves stay. */
  #set(index: number, value: number): void {
    const upper = this.#cpu.state.gpr(index) & 0xffffffff00000000n;
    this.#cpu.state.setGpr(index, upper | BigInt(value >>> 0));
  }
}

/** What firmware does with the memory window of a display adapter. */
export type FirmwareVideo = Pick<Vga, 'readMemory' | 'writeMemory' | 'writeBytes'>;

/**
 * Guest memory by physical address as firmware services see it: addresses wrap at 4 GiB. What they write most is the screen:
 * its window is reached without the way through the processor and the bus.
 */
export class FirmwareMemoryAccess implements FirmwareMemory {
  readonly #memory: GuestMemory;
  readonly #video: FirmwareVideo;

  /** @param video what answers at the window of the display adapter */
  constructor(memory: GuestMemory, video: FirmwareVideo) {
    this.#memory = memory;
    this.#video = video;
  }

  read8(physical: number): number {
    return isVideo(physical, 8)
      ? this.#video.readMemory(physical - VGA_MEMORY_BASE, 8)
      : this.#memory.read8(physical >>> 0);
  }
  read16(physical: number): number {
    return isVideo(physical, 16)
      ? this.#video.readMemory(physical - VGA_MEMORY_BASE, 16)
      : this.#memory.read16(physical >>> 0);
  }
  read32(physical: number): number {
    return isVideo(physical, 32)
      ? this.#video.readMemory(physical - VGA_MEMORY_BASE, 32)
      : this.#memory.read32(physical >>> 0);
  }
  write8(physical: number, value: number): void {
    if (isVideo(physical, 8)) this.#video.writeMemory(physical - VGA_MEMORY_BASE, 8, value & 0xff);
    else this.#memory.write8(physical >>> 0, value);
  }
  write16(physical: number, value: number): void {
    if (isVideo(physical, 16)) this.#video.writeMemory(physical - VGA_MEMORY_BASE, 16, value & 0xffff);
    else this.#memory.write16(physical >>> 0, value);
  }
  write32(physical: number, value: number): void {
    if (isVideo(physical, 32)) this.#video.writeMemory(physical - VGA_MEMORY_BASE, 32, value >>> 0);
    else this.#memory.write32(physical >>> 0, value);
  }
  readBytes(physical: number, count: number): Uint8Array {
    return this.#memory.read(physical >>> 0, count);
  }
  writeBytes(physical: number, bytes: Uint8Array): void {
    const at = physical - VGA_MEMORY_BASE;
    if (at >= 0 && at + bytes.length <= VGA_MEMORY_SIZE) this.#video.writeBytes(at, bytes);
    else this.#memory.write(physical >>> 0, bytes);
  }
}

/** Whether an access lies in the window as one that the bus would not split. */
function isVideo(physical: number, width: AccessWidth): boolean {
  return (
    physical >= VGA_MEMORY_BASE && physical < VGA_MEMORY_BASE + VGA_MEMORY_SIZE && (physical & ((width >> 3) - 1)) === 0
  );
}
