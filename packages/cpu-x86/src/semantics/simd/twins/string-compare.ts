/** Comparisons of strings. @source SDM Vol. 2B "Imm8 Control Byte Operation for PCMPESTRI / PCMPESTRM / PCMPISTRI / PCMPISTRM" */
import type { Instruction } from '../../../decode/instruction.ts';
import { OUTCOME_NEXT, type SystemCpu } from '../../system/context.ts';
import { immediateByte, registerNumber, sourceOf, type Twin, xmm } from './twin.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const FLAG_CF = 0x001;
const FLAG_ZF = 0x040;
const FLAG_SF = 0x080;
const FLAG_OF = 0x800;
const ARITHMETIC_FLAGS = 0x8d5;

/** The control byte's fields. */
const WORDS = 0x01;
const SIGNED = 0x02;
const AGGREGATION_SHIFT = 2;
const NEGATES = 0x10;
const NEGATES_VALID_ONLY = 0x20;
/** Most significant index, or a mask of whole elements. */
const LAST_OR_EXPANDED = 0x40;

interface Text {
  readonly elements: readonly number[];
  /** How many of the elements belong to the string. */
  readonly length: number;
}

function elementsOf(bytes: Uint8Array, control: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const isSigned = (control & SIGNED) !== 0;
  if ((control & WORDS) !== 0) {
    return Array.from({ length: 8 }, (_, i) => (isSigned ? view.getInt16(2 * i, true) : view.getUint16(2 * i, true)));
  }
  return Array.from({ length: 16 }, (_, i) => (isSigned ? view.getInt8(i) : view.getUint8(i)));
}
/** Up to the first zero. */
function implicitText(elements: readonly number[]): Text {
  const end = elements.indexOf(0);
  return { elements, length: end < 0 ? elements.length : end };
}
/** As long as a register says, by its magnitude. */
function explicitText(elements: readonly number[], value: bigint): Text {
  const magnitude = value < 0n ? -value : value;
  return { elements, length: magnitude > BigInt(elements.length) ? elements.length : Number(magnitude) };
}

/** One bit for each element of `b`: the result before its polarity is applied. */
function aggregate(control: number, a: Text, b: Text): number {
  const count = a.elements.length;
  const at = ({ elements }: Text, index: number): number => elements[index] as number;
  let bits = 0;
  const set = (index: number, isSet: boolean): void => {
    if (isSet) bits |= 1 << index;
  };
  for (let j = 0; j < count; j++) {
    const isValid = j < b.length;
    switch ((control >> AGGREGATION_SHIFT) & 3) {
      case 0: // equal any
        set(j, isValid && a.elements.slice(0, a.length).includes(at(b, j)));
        break;
      case 1: // ranges
        for (let i = 0; i + 1 < a.length; i += 2) set(j, isValid && at(b, j) >= at(a, i) && at(b, j) <= at(a, i + 1));
        break;
      case 2: // equal each
        set(j, j < a.length && isValid ? at(a, j) === at(b, j) : j >= a.length && !isValid);
        break;
      default: {
        // equal ordered
        let isFound = true;
        for (let i = 0; i < a.length && j + i < count; i++) isFound &&= j + i < b.length && at(a, i) === at(b, j + i);
        set(j, isFound);
      }
    }
  }
  return bits;
}

function negate(control: number, bits: number, b: Text): number {
  const all = (1 << b.elements.length) - 1;
  if ((control & NEGATES) === 0) return bits;
  return bits ^ ((control & NEGATES_VALID_ONLY) !== 0 ? (1 << b.length) - 1 : all);
}

function writeIndex(cpu: SystemCpu, control: number, bits: number, count: number): void {
  const last = 31 - Math.clz32(bits);
  const first = 31 - Math.clz32(bits & -bits);
  const index = bits === 0 ? count : (control & LAST_OR_EXPANDED) !== 0 ? last : first;
  cpu.state.writeGpr(RCX, 32, BigInt(index));
}
function writeMask(cpu: SystemCpu, control: number, bits: number, count: number): void {
  const { bytes } = xmm(cpu, 0);
  const size = 16 / count;
  bytes.fill(0);
  if ((control & LAST_OR_EXPANDED) === 0) {
    bytes[0] = bits & 0xff;
    bytes[1] = bits >> 8;
  } else for (let i = 0; i < 16; i++) bytes[i] = (bits >> Math.floor(i / size)) & 1 ? 0xff : 0;
}

const compare =
  (isExplicit: boolean, write: (cpu: SystemCpu, control: number, bits: number, count: number) => void): Twin =>
  (cpu, instruction: Instruction) => {
    const { state } = cpu;
    const control = immediateByte(instruction);
    const [first, second] = [xmm(cpu, registerNumber(instruction)), sourceOf(cpu)].map(({ bytes }) =>
      elementsOf(bytes, control),
    ) as [number[], number[]];
    const width = instruction.operandSize === 64 ? 64 : 32;
    const lengthIn = (register: number): bigint => BigInt.asIntN(width, state.gpr(register));
    const a = isExplicit ? explicitText(first, lengthIn(RAX)) : implicitText(first);
    const b = isExplicit ? explicitText(second, lengthIn(RDX)) : implicitText(second);
    const bits = negate(control, aggregate(control, a, b), b);
    const count = first.length;
    write(cpu, control, bits, count);
    const flags =
      (bits !== 0 ? FLAG_CF : 0) |
      (b.length < count ? FLAG_ZF : 0) |
      (a.length < count ? FLAG_SF : 0) |
      ((bits & 1) !== 0 ? FLAG_OF : 0);
    state.rflags = (state.rflags & ~ARITHMETIC_FLAGS) | flags;
    return OUTCOME_NEXT;
  };

export const STRING_TWINS: Readonly<Record<string, Twin>> = {
  PCMPESTRI: compare(true, writeIndex),
  PCMPESTRM: compare(true, writeMask),
  PCMPISTRI: compare(false, writeIndex),
  PCMPISTRM: compare(false, writeMask),
};
