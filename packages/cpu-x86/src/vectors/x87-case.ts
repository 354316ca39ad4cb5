import { Cpu, type CpuOptions } from '../cpu.ts';
import { CS, DS, ES, SS } from '../decode/instruction.ts';
import { CR0_ET, CR0_NE, CR0_PE } from '../state/control-registers.ts';
import { CR0 } from '../state/layout.ts';
import { FLAGS_ARITHMETIC } from '../state/rflags.ts';

/**
 * Cases that a processor ran: FRSTOR of a state, one x87 instruction, FNSAVE of the state after it. The tool
 * `hardware-vectors` records them; `struct x87_case` there is the format.
 */
export const X87_CASE_SIZE_BYTES = 276;

/** Offsets in a case. The instruction stands at the beginning, its length before the flags. The image is that of 32-bit protected mode. */
const LENGTH = 7;
const FLAGS_BEFORE = 8;
const BEFORE = 12;
const IMAGE_SIZE = 108;
const MEMORY_BEFORE = 120;
const MEMORY_SIZE = 16;
const AFTER = 136;
const MEMORY_AFTER = 244;
const FLAGS_AFTER = 260;
const EAX_AFTER = 264;
const ADDRESS = 268;
const DATA_ADDRESS = 272;
/** Offsets in an image. */
const IMAGE_STATUS = 4;
const IMAGE_IP = 12;
const IMAGE_DP = 20;
const IMAGE_REGISTERS = 28;

const EAX_BEFORE = 0x1234_5678n;
/** Where the machine has them. */
const CODE = 0x1_0000;
const STATE_BEFORE = 0x2000;
const STATE_AFTER = 0x3000;
const DATA = 0x4000;

const [RAX, RCX, RDX, RSI, RDI] = [0, 1, 2, 6, 7];

/** Runs cases. */
export class X87Machine {
  readonly #cpu: Cpu;
  readonly #offsets = new Map<string, number>();
  /** Results of the last case that are one unit in the last place from the hardware's. */
  lastPlaceCount = 0;

  constructor(options: Partial<CpuOptions> = {}) {
    const cpu = new Cpu({ ramSizeBytes: 0x10_0000, ...options });
    const { state } = cpu;
    state.setField(CR0, CR0_PE | CR0_ET | CR0_NE);
    state.segments[CS]?.load(0x08, 0n, 0xffff_ffff, 0xc09b);
    for (const index of [ES, SS, DS]) state.segments[index]?.load(0x10, 0n, 0xffff_ffff, 0xc093);
    cpu.synchronize();
    this.#cpu = cpu;
  }

  /** @returns the linear address of code that runs the instruction between FRSTOR [ESI] and FNSAVE [EDX] */
  #codeFor(instruction: Uint8Array): number {
    const key = hex(instruction);
    let address = this.#offsets.get(key);
    if (address === undefined) {
      address = CODE + this.#offsets.size * 16;
      this.#offsets.set(key, address);
      this.#cpu.memory.write(address, Uint8Array.of(0xdd, 0x26, ...instruction, 0xdd, 0x32, 0xf4));
    }
    return address;
  }

  /**
   * @param allowsLastPlace whether results may be one unit in the last place from the hardware's, and C1 another
   * @returns in words what differs from what the hardware did; nothing where all is the same
   */
  run(test: Uint8Array, allowsLastPlace = false): string[] {
    const cpu = this.#cpu;
    const { state, memory } = cpu;
    const view = new DataView(test.buffer, test.byteOffset, test.byteLength);
    const length = test[LENGTH] as number;
    const address = this.#codeFor(test.subarray(0, length));
    memory.write(STATE_BEFORE, test.subarray(BEFORE, BEFORE + IMAGE_SIZE));
    memory.write(DATA, test.subarray(MEMORY_BEFORE, MEMORY_BEFORE + MEMORY_SIZE));
    state.setGpr(RAX, EAX_BEFORE);
    // The recorder passes the flags there.
    state.setGpr(RCX, BigInt(view.getUint32(FLAGS_BEFORE, true)));
    state.setGpr(RDX, BigInt(STATE_AFTER));
    state.setGpr(RSI, BigInt(STATE_BEFORE));
    state.setGpr(RDI, BigInt(DATA));
    state.rflags = (view.getUint32(FLAGS_BEFORE, true) & FLAGS_ARITHMETIC) | 2;
    state.rip = BigInt(address);
    cpu.run(3);
    const found: string[] = [];
    if (state.rip !== BigInt(address + length + 4)) found.push(`RIP ${state.rip.toString(16)}`);
    const expected = Uint8Array.from(test.subarray(AFTER, AFTER + IMAGE_SIZE));
    this.#moveAddresses(view, expected, address);
    const image = Uint8Array.from(memory.read(STATE_AFTER, IMAGE_SIZE));
    this.lastPlaceCount = 0;
    if (allowsLastPlace) this.#forgiveLastPlace(expected, image);
    for (let at = 0; at < IMAGE_SIZE; at += at < IMAGE_REGISTERS ? 4 : 10) {
      const size = at < IMAGE_REGISTERS ? 4 : 10;
      compare(found, nameOf(at), expected.subarray(at, at + size), image.subarray(at, at + size));
    }
    const after = test.subarray(MEMORY_AFTER, MEMORY_AFTER + MEMORY_SIZE);
    compare(found, 'memory', after, memory.read(DATA, MEMORY_SIZE));
    const flags = view.getUint32(FLAGS_AFTER, true) & FLAGS_ARITHMETIC;
    if (flags !== (state.rflags & FLAGS_ARITHMETIC)) {
      found.push(`flags: ${flags.toString(16)}, not ${(state.rflags & FLAGS_ARITHMETIC).toString(16)}`);
    }
    const eax = view.getUint32(EAX_AFTER, true);
    if (BigInt(eax) !== state.gpr(RAX)) found.push(`eax: ${eax.toString(16)}, not ${state.gpr(RAX).toString(16)}`);
    return found;
  }

  /** Makes results the hardware's where they are next to those, and C1 in any case; tags follow from the results. */
  #forgiveLastPlace(expected: Uint8Array, image: Uint8Array): void {
    const c1 = (expected[IMAGE_STATUS + 1] as number) & STATUS_C1;
    image[IMAGE_STATUS + 1] = ((image[IMAGE_STATUS + 1] as number) & ~STATUS_C1) | c1;
    for (let at = IMAGE_REGISTERS; at < IMAGE_SIZE; at += 10) {
      const distance = ordinalOf(expected, at) - ordinalOf(image, at);
      if (distance !== 1n && distance !== -1n) continue;
      this.lastPlaceCount++;
      image.set(expected.subarray(at, at + 10), at);
    }
  }

  /** Instruction and data pointers were those of the recorder. */
  #moveAddresses(test: DataView, expected: Uint8Array, address: number): void {
    const image = new DataView(expected.buffer);
    if (image.getUint32(IMAGE_IP, true) === test.getUint32(ADDRESS, true)) image.setUint32(IMAGE_IP, address + 2, true);
    if (image.getUint32(IMAGE_DP, true) === test.getUint32(DATA_ADDRESS, true)) image.setUint32(IMAGE_DP, DATA, true);
  }
}

/** C1, in the upper byte of the status word. */
const STATUS_C1 = 0x02;

/** The number of a register's value among all values, so that neighbours have neighbouring numbers. */
function ordinalOf(image: Uint8Array, at: number): bigint {
  const view = new DataView(image.buffer, image.byteOffset + at, 10);
  const signExponent = view.getUint16(8, true);
  const significand = view.getBigUint64(0, true);
  const ordinal = (BigInt(signExponent & 0x7fff) << 63n) + BigInt.asUintN(63, significand);
  return signExponent >= 0x8000 ? -ordinal : ordinal;
}

const NAMES = ['control', 'status', 'tags', 'ip', 'opcode', 'dp', 'ds'];
const nameOf = (at: number): string =>
  at < IMAGE_REGISTERS ? (NAMES[at / 4] as string) : `st${(at - IMAGE_REGISTERS) / 10}`;

/** Bytes as one number, the last one first. */
const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
    .reverse()
    .join('');

function compare(found: string[], name: string, expected: Uint8Array, actual: Uint8Array): void {
  if (expected.every((byte, i) => byte === actual[i])) return;
  found.push(`${name}: ${hex(expected)}, not ${hex(actual)}`);
}

/** What a case did before the instruction, in words. */
export function describeX87Case(test: Uint8Array): string {
  const registers: string[] = [];
  for (let i = 0; i < 8; i++) {
    const at = BEFORE + IMAGE_REGISTERS + 10 * i;
    registers.push(hex(test.subarray(at, at + 10)));
  }
  const control = hex(test.subarray(BEFORE, BEFORE + 2));
  const status = hex(test.subarray(BEFORE + IMAGE_STATUS, BEFORE + IMAGE_STATUS + 2));
  const tags = hex(test.subarray(BEFORE + 8, BEFORE + 10));
  const memory = hex(test.subarray(MEMORY_BEFORE, MEMORY_BEFORE + 10));
  return `control ${control} status ${status} tags ${tags} st ${registers.join(' ')} memory ${memory}`;
}
