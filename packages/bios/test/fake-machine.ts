/** A machine for tests: memory with the ROM, small models of the chips that the firmware programs, and virtual time. */
import {
  Bios,
  type BiosEvent,
  type BiosOptions,
  type FirmwareDisk,
  type FirmwareMemory,
  type KeyBufferEvent,
  ROM_BASE,
} from '../src/index.ts';
import type { FakePci } from './fake-pci.ts';
import { RealModeCpu } from './real-mode-cpu.ts';

const TICK_NS = 54_925_439;
const PERIODIC_NS = 976_563;
/** Where the tests' own code is: `int n` and a halt that is never executed. */
const CODE_SEGMENT = 0x0060;
const STACK_TOP = 0x0f00;

/** Flat memory, with the ROM write-protected at F0000h, and address line 20 masked while the gate is closed. */
export class FakeMemory implements FirmwareMemory {
  readonly bytes: Uint8Array;
  isA20Open = true;

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
  }

  #at(physical: number): number {
    return (this.isA20Open ? physical : physical & ~0x10_0000) >>> 0;
  }

  read8(physical: number): number {
    return this.bytes[this.#at(physical)] ?? 0xff;
  }
  read16(physical: number): number {
    return this.read8(physical) | (this.read8(physical + 1) << 8);
  }
  read32(physical: number): number {
    return (this.read16(physical) | (this.read16(physical + 2) << 16)) >>> 0;
  }
  write8(physical: number, value: number): void {
    const at = this.#at(physical);
    if (at >= ROM_BASE && at < ROM_BASE + 0x10000) return;
    if (at < this.bytes.length) this.bytes[at] = value;
  }
  write16(physical: number, value: number): void {
    this.write8(physical, value & 0xff);
    this.write8(physical + 1, (value >> 8) & 0xff);
  }
  write32(physical: number, value: number): void {
    this.write16(physical, value & 0xffff);
    this.write16(physical + 2, value >>> 16);
  }
  readBytes(physical: number, count: number): Uint8Array {
    return Uint8Array.from({ length: count }, (_, index) => this.read8((physical + index) >>> 0));
  }
  writeBytes(physical: number, bytes: Uint8Array): void {
    bytes.forEach((byte, index) => {
      this.write8((physical + index) >>> 0, byte);
    });
  }
  text(physical: number, length: number): string {
    return String.fromCharCode(...this.readBytes(physical, length));
  }
}

/** The chips, as far as the firmware can tell. */
export class FakeChips {
  readonly cmos = new Uint8Array(128);
  /** Every write, in order. */
  readonly writes: (readonly [port: number, value: number])[] = [];
  /** In-service bits, 16 lines. */
  inService = 0;
  masks: [number, number] = [0xff, 0xff];
  /** Bytes that the keyboard controller holds; each is [value, isMouse]. */
  readonly keyboardBytes: [number, boolean][] = [];
  keyboardDelayReads = 0;
  hasKeyboardController = true;
  commandByte = 0;
  /** Received by the serial port, to be read by the guest; and what the guest sent. */
  readonly serialInput: number[] = [];
  readonly serialOutput: number[] = [];
  isSerialReady = true;
  systemA = 0;
  pci: FakePci | null = null;
  readonly vga = new Map<string, number>();
  readonly dac = new Uint8Array(768);
  readonly #index = new Map<number, number>();
  #cmosIndex = 0;
  #picRead: ['irr' | 'isr', 'irr' | 'isr'] = ['irr', 'irr'];
  #picStep: [number, number] = [0, 0];
  readonly bases: [number, number] = [0, 0];
  #keyboardExpectsCommandByte = false;
  #delayed = 0;
  #attributeIsData = false;
  #dacWrite = 0;
  #dacRead = 0;
  readonly #serial = new Uint8Array(8);
  readonly #memory: FakeMemory;

  constructor(memory: FakeMemory) {
    this.#memory = memory;
    this.cmos.set([0x56, 0, 0x34, 0, 0x12, 0, 1, 0x22, 0x11, 0x26]);
    this.cmos[0x32] = 0x20;
  }

  writePort(port: number, width: 8 | 16 | 32, value: number): void {
    this.writes.push([port, value]);
    if ((port & 0xfff8) === 0xcf8) this.pci?.write(port, width, value);
    switch (port) {
      case 0x20:
      case 0xa0:
        this.#picCommand(port === 0x20 ? 0 : 1, value);
        return;
      case 0x21:
      case 0xa1:
        this.#picData(port === 0x21 ? 0 : 1, value);
        return;
      case 0x60:
        this.#keyboardData(value);
        return;
      case 0x64:
        this.#keyboardCommand(value);
        return;
      case 0x70:
        this.#cmosIndex = value & 0x7f;
        return;
      case 0x71:
        this.cmos[this.#cmosIndex] = value;
        return;
      case 0x92:
        this.systemA = value;
        this.#memory.isA20Open = (value & 2) !== 0;
        return;
      case 0x3c0:
        if (this.#attributeIsData) this.vga.set(`at${this.#index.get(0x3c0)}`, value);
        else this.#index.set(0x3c0, value & 0x1f);
        this.#attributeIsData = !this.#attributeIsData;
        return;
      case 0x3c2:
        this.vga.set('misc', value);
        return;
      case 0x3c7:
        this.#dacRead = 3 * value;
        return;
      case 0x3c8:
        this.#dacWrite = 3 * value;
        return;
      case 0x3c9:
        this.dac[this.#dacWrite++ % 768] = value;
        return;
      case 0x3c4:
      case 0x3ce:
      case 0x3d4:
      case 0x3b4:
        this.#index.set(port, value);
        return;
      case 0x3c5:
      case 0x3cf:
      case 0x3d5:
      case 0x3b5:
        this.vga.set(`${(port - 1).toString(16)}:${this.#index.get(port - 1)}`, value);
        return;
      case 0x3f8:
        if (((this.#serial[3] ?? 0) & 0x80) === 0) this.serialOutput.push(value);
        else this.#serial[0] = value;
        return;
      default:
        if (port > 0x3f8 && port < 0x400) this.#serial[port - 0x3f8] = value;
    }
  }

  readPort(port: number, width: 8 | 16 | 32 = 8): number {
    if ((port & 0xfff8) === 0xcf8) return this.pci?.read(port, width) ?? 2 ** width - 1;
    switch (port) {
      case 0x20:
        return this.#picRead[0] === 'isr' ? this.inService & 0xff : 0;
      case 0xa0:
        return this.#picRead[1] === 'isr' ? this.inService >> 8 : 0;
      case 0x21:
        return this.masks[0];
      case 0xa1:
        return this.masks[1];
      case 0x60:
        return this.keyboardBytes.shift()?.[0] ?? 0;
      case 0x64:
        return this.#keyboardStatus();
      case 0x71:
        return this.cmos[this.#cmosIndex] ?? 0;
      case 0x92:
        return this.systemA;
      case 0x3c1:
        return this.vga.get(`at${this.#index.get(0x3c0)}`) ?? 0;
      case 0x3cc:
        return this.vga.get('misc') ?? 0;
      case 0x3c9:
        return this.dac[this.#dacRead++ % 768] ?? 0;
      case 0x3da:
      case 0x3ba:
        this.#attributeIsData = false;
        return 0;
      case 0x3c5:
      case 0x3cf:
      case 0x3d5:
      case 0x3b5:
        return this.vga.get(`${(port - 1).toString(16)}:${this.#index.get(port - 1)}`) ?? 0;
      case 0x3f8:
        return this.serialInput.shift() ?? 0;
      case 0x3f9:
        return this.#serial[1] ?? 0;
      case 0x3fa:
        return 0x01;
      case 0x3fb:
        return this.#serial[3] ?? 0;
      case 0x3fd:
        return (this.isSerialReady ? 0x60 : 0) | (this.serialInput.length > 0 ? 1 : 0);
      case 0x3fe:
        return 0xb0;
      default:
        return 0xff;
    }
  }

  get divisor(): number {
    return (this.#serial[0] ?? 0) | ((this.#serial[1] ?? 0) << 8);
  }

  #picCommand(chip: 0 | 1, value: number): void {
    if ((value & 0x10) !== 0) {
      this.#picStep[chip] = 1;
      this.masks[chip] = 0;
    } else if (value === 0x0b || value === 0x0a) {
      this.#picRead[chip] = value === 0x0b ? 'isr' : 'irr';
    } else if (value === 0x20) {
      const mask = chip === 0 ? 0x00ff : 0xff00;
      const lowest = this.inService & mask & -(this.inService & mask);
      this.inService &= ~lowest;
    }
  }

  #picData(chip: 0 | 1, value: number): void {
    const step = this.#picStep[chip];
    if (step === 0) this.masks[chip] = value;
    if (step === 1) this.bases[chip] = value;
    this.#picStep[chip] = step === 0 || step === 3 ? 0 : step + 1;
  }

  #keyboardStatus(): number {
    if (!this.hasKeyboardController) return 0xff;
    const first = this.keyboardBytes[0];
    if (first === undefined) return 0x14;
    if (this.#delayed < this.keyboardDelayReads) {
      this.#delayed++;
      return 0x14;
    }
    return first[1] ? 0x35 : 0x15;
  }

  #keyboardReply(...bytes: number[]): void {
    this.#delayed = 0;
    for (const byte of bytes) this.keyboardBytes.push([byte, false]);
  }

  #keyboardCommand(value: number): void {
    if (value === 0xaa) this.#keyboardReply(0x55);
    if (value === 0xab) this.#keyboardReply(0x00);
    this.#keyboardExpectsCommandByte = value === 0x60;
  }

  #keyboardData(value: number): void {
    if (this.#keyboardExpectsCommandByte) this.commandByte = value;
    else if (value === 0xff) this.#keyboardReply(0xfa, 0xaa);
    else this.#keyboardReply(0xfa);
    this.#keyboardExpectsCommandByte = false;
  }
}

/** Registers that a test sets before a call; the rest is 0. */
export type CallRegisters = Partial<
  Record<'eax' | 'ebx' | 'ecx' | 'edx' | 'esi' | 'edi' | 'ebp' | 'ds' | 'es' | 'flags', number>
>;

/** Everything after a call. */
export interface CallResult {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
  readonly esi: number;
  readonly edi: number;
  readonly ebp: number;
  readonly esp: number;
  readonly ds: number;
  readonly es: number;
  readonly flags: number;
  readonly ax: number;
  readonly ah: number;
  readonly al: number;
  readonly carry: boolean;
  readonly zero: boolean;
}

/** The whole. After construction POST has run on the fake processor, up to INT 19h. */
export class FakeMachine {
  readonly memory: FakeMemory;
  readonly chips: FakeChips;
  readonly cpu: RealModeCpu;
  readonly bios: Bios;
  readonly events: BiosEvent[] = [];
  readonly keyBufferEvents: KeyBufferEvent[] = [];
  readonly clock = { now: 0 };
  /** Interrupt vectors to deliver at the next instruction with interrupts enabled. */
  readonly pending: number[] = [];
  /** Called when the processor halts; the default delivers the next clock or timer interrupt. */
  onHalt: () => number | null = () => this.nextInterrupt();

  constructor(options: Partial<BiosOptions> = {}, ramSizeBytes = 0x100_0000) {
    this.memory = new FakeMemory(ramSizeBytes);
    this.chips = new FakeChips(this.memory);
    this.cpu = new RealModeCpu({
      memory: this.memory,
      out: (port, value) => {
        if (port === 0xe0) this.bios.trap.writePort(0, 8, value);
      },
      in: (port) => this.chips.readPort(port),
      halt: (isEnabled) => {
        if (!isEnabled) throw new Error('halted for ever');
        return this.onHalt();
      },
      pending: () => this.pending.shift() ?? null,
    });
    this.bios = new Bios({
      cpu: this.cpu,
      memory: this.memory,
      ports: this.chips,
      clock: this.clock,
      ramSizeBytes,
      onEvent: (event) => this.events.push(event),
      onKeyBuffer: (what) => void this.keyBufferEvents.push(what),
      ...options,
    });
    this.memory.bytes.set(this.bios.rom, ROM_BASE);
  }

  /** Runs from the reset vector to the first instruction of INT 19h. */
  powerOn(): this {
    this.cpu.cs = 0xf000;
    this.cpu.ip = 0xfff0;
    this.cpu.runUntil(0xf000, 0xe6f2);
    this.chips.writes.length = 0;
    return this;
  }

  /** Time goes on to the next periodic interrupt of the clock chip if that is on, or the next timer tick. */
  nextInterrupt(): number {
    const isPeriodic = ((this.chips.cmos[0x0b] ?? 0) & 0x40) !== 0;
    this.clock.now += isPeriodic ? PERIODIC_NS : TICK_NS;
    if (isPeriodic) this.chips.cmos[0x0c] = 0xc0;
    this.chips.inService |= isPeriodic ? 0x0104 : 0x0001;
    return isPeriodic ? 0x70 : 0x08;
  }

  /** Executes `int vector` in real mode. */
  call(vector: number, registers: CallRegisters = {}): CallResult {
    const { cpu, memory } = this;
    memory.writeBytes(CODE_SEGMENT * 16, Uint8Array.of(0xcd, vector, 0xf4));
    cpu.cs = CODE_SEGMENT;
    cpu.ip = 0;
    cpu.ss = 0;
    cpu.esp = STACK_TOP;
    const values = {
      eax: 0,
      ebx: 0,
      ecx: 0,
      edx: 0,
      esi: 0,
      edi: 0,
      ebp: 0,
      ds: 0,
      es: 0,
      flags: 0x0202,
      ...registers,
    };
    Object.assign(cpu, values);
    if (cpu.runUntil(CODE_SEGMENT, 2) !== 'reached') throw new Error('the call did not return');
    const { eax, ebx, ecx, edx, esi, edi, ebp, esp, ds, es, flags } = cpu;
    return {
      ...{ eax, ebx, ecx, edx, esi, edi, ebp, esp, ds, es, flags },
      ax: eax & 0xffff,
      ah: (eax >>> 8) & 0xff,
      al: eax & 0xff,
      carry: (flags & 1) !== 0,
      zero: (flags & 0x40) !== 0,
    };
  }

  /** The keyboard sends bytes, each with its interrupt. */
  type(...scanCodes: readonly number[]): void {
    for (const code of scanCodes) {
      this.chips.keyboardBytes.push([code, false]);
      this.chips.inService |= 0x02;
      this.call(0x09);
    }
  }

  /** Text on the screen, rows without trailing blanks. */
  screen(base = 0xb8000, columns = 80, rows = 25): string[] {
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) =>
        String.fromCharCode(this.memory.read8(base + (row * columns + column) * 2)),
      )
        .join('')
        .trimEnd(),
    );
  }
}

/** A disk in memory whose sector n begins with n as a doubleword. */
export function numberedDisk(
  sectorCount: number,
  options: { sectorSizeBytes?: number; isReadOnly?: boolean } & Partial<FirmwareDisk> = {},
): FirmwareDisk & { readonly bytes: Uint8Array } {
  const { sectorSizeBytes = 512, isReadOnly = false, ...rest } = options;
  const bytes = new Uint8Array(sectorCount * sectorSizeBytes);
  const view = new DataView(bytes.buffer);
  for (let sector = 0; sector < sectorCount; sector++) view.setUint32(sector * sectorSizeBytes, sector, true);
  const base = {
    bytes,
    sectorSizeBytes,
    sectorCount,
    read: (lba: number, count: number) => bytes.slice(lba * sectorSizeBytes, (lba + count) * sectorSizeBytes),
  };
  if (isReadOnly) return { ...base, ...rest };
  return {
    ...base,
    write: (lba: number, data: Uint8Array) => {
      bytes.set(data, lba * sectorSizeBytes);
      return true;
    },
    ...rest,
  };
}
