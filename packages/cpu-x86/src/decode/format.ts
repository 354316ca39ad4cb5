import { defaultSegment } from './address.ts';
import {
  BASE_RIP,
  type ImmediateOperand,
  type Instruction,
  type MemoryOperand,
  NO_REGISTER,
  type Operand,
  type RegisterOperand,
} from './instruction.ts';

/** How to print. */
export interface FormatOptions {
  /** Address of the instruction: makes branch targets and RIP-relative addresses absolute. */
  readonly ip?: bigint;
  /** Names an address (`main`, `main+0x10`), where it can. Asked for branch targets and addresses that are constants. */
  readonly symbol?: (address: bigint) => string | undefined;
}

const LEGACY_NAMES: readonly string[] = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const LOW_BYTE_NAMES: readonly string[] = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const HIGH_BYTE_NAMES: readonly string[] = ['ah', 'ch', 'dh', 'bh'];
const SEGMENT_NAMES: readonly string[] = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const NUMBERED_PREFIXES: Readonly<Record<string, string>> = { control: 'cr', debug: 'dr', mmx: 'mm', xmm: 'xmm' };
const GENERAL_SUFFIXES: Readonly<Record<number, string>> = { 8: 'b', 16: 'w', 32: 'd', 64: '' };

const SIZE_NAMES: Readonly<Record<number, string>> = {
  8: 'byte',
  16: 'word',
  32: 'dword',
  48: 'fword',
  64: 'qword',
  80: 'tbyte',
  128: 'xmmword',
};

/** String instructions that F3 and F2 alike repeat, and those that compare and so stop at a (dis)agreement; by semantics key. */
const REPEATED: readonly string[] = ['MOVS', 'STOS', 'LODS', 'INS', 'OUTS'];
const REPEATED_WHILE: readonly string[] = ['CMPS', 'SCAS'];

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** `+0x10` or `-0x10`. */
function signedHex(value: number): string {
  return value < 0 ? `-${hex(-value)}` : `+${hex(value)}`;
}

function joinWords(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

function generalName(index: number, width: number): string {
  if (index >= 8) return `r${index}${GENERAL_SUFFIXES[width] ?? ''}`;
  if (width === 8) return LOW_BYTE_NAMES[index] ?? '?';
  const prefix = width === 32 ? 'e' : width === 64 ? 'r' : '';
  return `${prefix}${LEGACY_NAMES[index] ?? '?'}`;
}

/** The register's name in lower case: `rax`, `r8d`, `ah`, `fs`, `cr0`, `st(1)`, `xmm15`. */
export function formatRegister(register: RegisterOperand): string {
  const { file, index } = register;
  switch (file) {
    case 'gpr':
      return generalName(index, register.width);
    case 'gpr8high':
      return HIGH_BYTE_NAMES[index] ?? '?';
    case 'segment':
      return SEGMENT_NAMES[index] ?? '?';
    case 'st':
      return `st(${index})`;
    default:
      return `${NUMBERED_PREFIXES[file]}${index}`;
  }
}

/** The address that a branch or a memory operand without registers means; `undefined` without the `ip` that it is relative to. */
function constantAddress(instruction: Instruction, operand: Operand, ip: bigint | undefined): bigint | undefined {
  if (operand.kind === 'relative') {
    if (ip === undefined) return undefined;
    return BigInt.asUintN(instruction.operandSize, ip + BigInt(instruction.length + operand.displacement));
  }
  if (operand.kind !== 'memory' || operand.index !== NO_REGISTER) return undefined;
  const displacement = joinWords(operand.displacement, operand.displacementHigh);
  if (operand.base === NO_REGISTER) return BigInt.asUintN(instruction.addressSize, displacement);
  if (operand.base !== BASE_RIP || ip === undefined) return undefined;
  return BigInt.asUintN(instruction.addressSize, ip + BigInt(instruction.length) + displacement);
}

function formatImmediate(operand: ImmediateOperand): string {
  return hex(BigInt.asUintN(operand.width, joinWords(operand.low, operand.high)));
}

function formatAddress(instruction: Instruction, operand: MemoryOperand): string {
  const { base, index, scale, displacement } = operand;
  const terms: string[] = [];
  if (base === BASE_RIP) terms.push(instruction.addressSize === 64 ? 'rip' : 'eip');
  else if (base !== NO_REGISTER) terms.push(generalName(base, instruction.addressSize));
  if (index !== NO_REGISTER) {
    terms.push(`${generalName(index, instruction.addressSize)}${scale > 1 ? `*${scale}` : ''}`);
  }
  if (terms.length === 0) return hex(constantAddress(instruction, operand, undefined) ?? 0);
  return `${terms.join('+')}${displacement === 0 ? '' : signedHex(displacement)}`;
}

/** `dword ptr `; nothing where the instruction accesses no memory, or an area without a size name. */
function sizeName(instruction: Instruction, operand: MemoryOperand): string {
  const { operands, semantics } = instruction.encoding;
  const isFar = semantics === 'CALL_FAR' || semantics === 'JMP_FAR';
  const takesOperandSize = semantics === 'NOP' && operands.startsWith('Ev');
  const name = SIZE_NAMES[takesOperandSize ? instruction.operandSize : operand.width];
  return `${isFar ? 'far ' : ''}${name ? `${name} ptr ` : ''}`;
}

function formatMemory(instruction: Instruction, operand: MemoryOperand): string {
  const segment = operand.segment === defaultSegment(operand.base) ? '' : `${SEGMENT_NAMES[operand.segment]}:`;
  return `${sizeName(instruction, operand)}${segment}[${formatAddress(instruction, operand)}]`;
}

function formatOperand(instruction: Instruction, operand: Operand, ip: bigint | undefined): string {
  switch (operand.kind) {
    case 'register':
      return formatRegister(operand);
    case 'memory':
      return formatMemory(instruction, operand);
    case 'immediate':
      return formatImmediate(operand);
    case 'relative': {
      const target = constantAddress(instruction, operand, ip);
      return target === undefined ? `$${signedHex(instruction.length + operand.displacement)}` : hex(target);
    }
    case 'far-pointer':
      return `${hex(operand.selector)}:${hex(operand.offset)}`;
  }
}

function prefixes(instruction: Instruction): string {
  const { lock, repeat, encoding } = instruction;
  const words: string[] = [];
  if (lock) words.push('lock ');
  if (repeat !== 0 && REPEATED.includes(encoding.semantics)) words.push('rep ');
  if (repeat !== 0 && REPEATED_WHILE.includes(encoding.semantics)) words.push(repeat === 0xf3 ? 'repe ' : 'repne ');
  return words.join('');
}

/** What follows the operands: ` <main>` after a branch target, ` ; 0x401000 <main>` after other constant addresses. */
function annotation(instruction: Instruction, { ip, symbol }: FormatOptions): string {
  for (const operand of instruction.operands) {
    const address = constantAddress(instruction, operand, ip);
    if (address === undefined) continue;
    const name = symbol?.(address);
    const suffix = name === undefined ? '' : ` <${name}>`;
    if (operand.kind === 'relative') return suffix;
    const isRelativeToIp = operand.kind === 'memory' && operand.base === BASE_RIP;
    return isRelativeToIp ? ` ; ${hex(address)}${suffix}` : suffix && ` ;${suffix}`;
  }
  return '';
}

/**
 * Prints an instruction in Intel syntax: `lock add dword ptr fs:[rbx+rcx*4+0x10], 0x5`.
 *
 * A segment is shown where it is not the default one. A branch target is `$+0x10`, relative to the beginning of the
 * instruction, unless `ip` is given. The implicit memory operands of string instructions, XLATB, MONITOR and MASKMOVQ are
 * printed, since they carry the override and the address size.
 */
export function formatInstruction(instruction: Instruction, options: FormatOptions = {}): string {
  const operands = instruction.operands.map((operand) => formatOperand(instruction, operand, options.ip)).join(', ');
  const name = `${prefixes(instruction)}${instruction.mnemonic.toLowerCase()}`;
  return `${name}${operands && ` ${operands}`}${annotation(instruction, options)}`;
}
