/**
 * Hardware task switches of protected mode: by JMP, CALL, INT and IRET, through TSS descriptors and task gates. IA-32e
 * mode has none.
 *
 * A fault up to the point where the new task's registers are loaded belongs to the old task, later ones to the new task.
 *
 * @source SDM Vol. 3A "Task Switching", "Task-Gate Descriptor", "Task Linking"
 */
import { ACCESS_IMPLICIT } from '@longmode/mmu';
import { CS, DS, ES, FS, GS, SS } from '../../decode/instruction.ts';
import { CR0_PG, CR0_TS, CR4_PAE, CR4_PGE } from '../../state/control-registers.ts';
import { VECTOR_DB, VECTOR_GP, VECTOR_NP, VECTOR_TS } from '../../state/exceptions.ts';
import { CR0, CR3, CR4, DR, GDTR_LIMIT, LDTR_INDEX, TR_INDEX } from '../../state/layout.ts';
import { FLAG_NT, FLAGS_DEFINED } from '../../state/rflags.ts';
import { NO_ERROR_CODE, type SystemCpu } from './context.ts';
import { loadPdpteRegisters } from './control-register.ts';
import {
  type Descriptor,
  describeDescriptor,
  describeSelector,
  descriptorAddress,
  dplOf,
  isCode,
  isConforming,
  isNullSelector,
  isPresent,
  isReadable,
  isSystem,
  markAccessed,
  parseDescriptor,
  readDescriptor,
  TYPE_LDT,
  TYPE_TSS_16,
  TYPE_TSS_16_BUSY,
  TYPE_TSS_32,
  TYPE_TSS_32_BUSY,
  tableAddress,
  typeOf,
  writeBusy,
} from './descriptor.ts';
import { hex, refuse, selectorError } from './fault.ts';
import { isVirtual8086Mode, segmentOf } from './processor-mode.ts';
import { checkStackSegment, commitSegment, loadCodeSegment, loadVirtual8086Segment } from './segment-load.ts';
import { isTss16 } from './task-state-segment.ts';

/** What causes a task switch. */
export type SwitchCause = 'jump' | 'call' | 'interrupt' | 'return';

/** Offsets in the two formats of the TSS; general registers and segments stand in encoding order. */
interface TssFormat {
  readonly size: number;
  readonly width: 16 | 32;
  readonly cr3?: number;
  readonly ip: number;
  readonly flags: number;
  readonly registers: number;
  readonly segments: number;
  readonly segmentCount: number;
  readonly ldt: number;
}

const TSS_32: TssFormat = {
  size: 0x68,
  width: 32,
  cr3: 0x1c,
  ip: 0x20,
  flags: 0x24,
  registers: 0x28,
  segments: 0x48,
  segmentCount: 6,
  ldt: 0x60,
};
const TSS_16: TssFormat = {
  size: 0x2c,
  width: 16,
  ip: 0x0e,
  flags: 0x10,
  registers: 0x12,
  segments: 0x22,
  segmentCount: 4,
  ldt: 0x2a,
};
const TSS_DEBUG_TRAP = 0x64;
const DR7_LOCAL = 0x155n;
const DR6_BT = 0x8000n;

/** Reads the TSS descriptor that a task gate, a JMP or an IRET names, with its checks; undefined after a fault. */
function checkTss(cpu: SystemCpu, selector: number, cause: SwitchCause, ext: number): Descriptor | undefined {
  const vector = cause === 'return' ? VECTOR_TS : VECTOR_GP;
  const code = selectorError(selector, ext);
  const name = describeSelector(selector);
  if ((selector & 4) !== 0 || isNullSelector(selector)) {
    return refuse(cpu, vector, code, `${name} cannot be a TSS: it must be in the GDT`);
  }
  const d = readDescriptor(cpu, selector, vector, ext);
  if (d === undefined) return undefined;
  const type = typeOf(d);
  const isGood =
    cause === 'return'
      ? type === TYPE_TSS_16_BUSY || type === TYPE_TSS_32_BUSY
      : type === TYPE_TSS_16 || type === TYPE_TSS_32;
  const wanted = cause === 'return' ? 'a busy TSS' : 'an available TSS';
  if (!isSystem(d) || !isGood) return refuse(cpu, vector, code, `${name} is ${describeDescriptor(d)}, not ${wanted}`);
  if (!isPresent(d)) return refuse(cpu, VECTOR_NP, code, `${name} is not present`);
  const format = formatOf(d);
  if (d.limit < format.size - 1) {
    return refuse(cpu, VECTOR_TS, code, `the TSS of ${name} has the limit ${hex(d.limit)}, too small`);
  }
  return d;
}

const formatOf = (d: Descriptor): TssFormat =>
  typeOf(d) === TYPE_TSS_16 || typeOf(d) === TYPE_TSS_16_BUSY ? TSS_16 : TSS_32;

/** What a new task starts with, as read from its TSS. */
interface TaskImage {
  readonly cr3: number;
  readonly ip: number;
  readonly flags: number;
  readonly registers: readonly number[];
  readonly segments: readonly number[];
  readonly ldt: number;
  readonly traps: boolean;
}

function readTask(cpu: SystemCpu, d: Descriptor, format: TssFormat): TaskImage | undefined {
  const { memory } = cpu;
  // Nothing is read after a failed access, so that the first page fault is the one reported.
  const word = (offset: number): number =>
    memory.failed ? 0 : memory.read16(tableAddress(cpu, d.base, offset), ACCESS_IMPLICIT);
  const item = (offset: number): number => {
    if (format.width === 16 || memory.failed) return word(offset);
    return memory.read32(tableAddress(cpu, d.base, offset), ACCESS_IMPLICIT) >>> 0;
  };
  const size = format.width / 8;
  const image = {
    cr3: format.cr3 === undefined ? 0 : item(format.cr3),
    ip: item(format.ip),
    flags: item(format.flags),
    registers: Array.from({ length: 8 }, (_, i) => item(format.registers + i * size)),
    segments: Array.from({ length: 6 }, (_, i) => (i < format.segmentCount ? word(format.segments + i * size) : 0)),
    ldt: word(format.ldt),
    traps: format.width === 32 && (word(TSS_DEBUG_TRAP) & 1) !== 0,
  };
  return cpu.memory.failed ? undefined : image;
}

/** Saves the old task. Both TSSs have been probed, so that this cannot fail half way. */
function saveTask(cpu: SystemCpu, format: TssFormat, rip: bigint, clearsNested: boolean): boolean {
  const { state, memory } = cpu;
  const base = segmentOf(state, TR_INDEX).base;
  const item = (offset: number, value: number): void => {
    const at = tableAddress(cpu, base, offset);
    if (format.width === 16) memory.write16(at, value & 0xffff, ACCESS_IMPLICIT);
    else memory.write32(at, value, ACCESS_IMPLICIT);
  };
  const size = format.width / 8;
  item(format.ip, Number(rip & 0xffffffffn));
  item(format.flags, clearsNested ? state.rflags & ~FLAG_NT : state.rflags);
  for (let i = 0; i < 8; i += 1) item(format.registers + i * size, state.gpr32(i));
  for (let i = 0; i < format.segmentCount; i += 1) item(format.segments + i * size, segmentOf(state, i).selector);
  return !memory.failed;
}

/**
 * Loads LDTR and the segment registers of the new task, whose selectors are in place.
 *
 * @returns false after a fault of the new task
 */
function loadTaskSegments(cpu: SystemCpu, image: TaskImage, ext: number): boolean {
  const { state } = cpu;
  if (!loadTaskLdt(cpu, image.ldt, ext)) return false;
  if (isVirtual8086Mode(state)) {
    for (let i = 0; i < 6; i += 1) loadVirtual8086Segment(cpu, i, image.segments[i] as number);
    return true;
  }
  const csSelector = image.segments[CS] as number;
  const privilege = csSelector & 3;
  // The stack comes first, so that a handler of the same level has one for what is wrong with the others.
  const stackRules = { privilege, vector: VECTOR_TS, ext, allowsNull: false };
  const ss = checkStackSegment(cpu, image.segments[SS] as number, stackRules);
  if (ss === undefined) return false;
  commitSegment(cpu, SS, ss);
  state.cpl = privilege;
  const code = isNullSelector(csSelector)
    ? refuse(cpu, VECTOR_TS, ext, 'the new task has a null CS')
    : readDescriptor(cpu, csSelector, VECTOR_TS, ext);
  if (code === undefined) return false;
  const csError = selectorError(csSelector, ext);
  const csName = `${describeSelector(csSelector)} for the new task's CS`;
  if (!isCode(code) || !(isConforming(code) ? dplOf(code) <= privilege : dplOf(code) === privilege)) {
    refuse(cpu, VECTOR_TS, csError, `${csName} is ${describeDescriptor(code)} with DPL ${dplOf(code)}`);
    return false;
  }
  if (!isPresent(code)) {
    refuse(cpu, VECTOR_NP, csError, `${csName} is not present`);
    return false;
  }
  const marked = markAccessed(cpu, code);
  if (marked === undefined) return false;
  loadCodeSegment(cpu, marked, privilege);
  for (const index of [ES, DS, FS, GS]) {
    if (!loadTaskData(cpu, index, image.segments[index] as number, ext)) return false;
  }
  if (image.ip <= marked.limit) return true;
  refuse(cpu, VECTOR_GP, ext, `the new task's EIP ${hex(image.ip)} is beyond the limit of its CS`);
  return false;
}

function loadTaskLdt(cpu: SystemCpu, selector: number, ext: number): boolean {
  if (isNullSelector(selector)) return true;
  const code = selectorError(selector, ext);
  const address = (selector & 4) === 0 ? descriptorAddress(cpu, selector, 8) : undefined;
  if (address === undefined) {
    const table = `the GDT (limit ${hex(cpu.state.field(GDTR_LIMIT))})`;
    refuse(cpu, VECTOR_TS, code, `${describeSelector(selector)} for the new task's LDT is outside ${table}`);
    return false;
  }
  const quad = cpu.memory.read64(address, ACCESS_IMPLICIT);
  if (cpu.memory.failed) return false;
  const d = parseDescriptor(selector, address, Number(quad & 0xffffffffn), Number(quad >> 32n));
  if (!isSystem(d) || typeOf(d) !== TYPE_LDT || !isPresent(d)) {
    refuse(cpu, VECTOR_TS, code, `${describeSelector(selector)} for the new task's LDT is ${describeDescriptor(d)}`);
    return false;
  }
  segmentOf(cpu.state, LDTR_INDEX).load(selector, d.base, d.limit, d.attributes);
  return true;
}

function loadTaskData(cpu: SystemCpu, index: number, selector: number, ext: number): boolean {
  if (isNullSelector(selector)) return true;
  const d = readDescriptor(cpu, selector, VECTOR_TS, ext);
  if (d === undefined) return false;
  const code = selectorError(selector, ext);
  const name = (): string => `${describeSelector(selector)} for a data segment of the new task`;
  const inReach = (isCode(d) && isConforming(d)) || (dplOf(d) >= cpu.state.cpl && dplOf(d) >= (selector & 3));
  if (!isReadable(d) || !inReach) {
    refuse(cpu, VECTOR_TS, code, `${name()} is ${describeDescriptor(d)} with DPL ${dplOf(d)}`);
    return false;
  }
  if (!isPresent(d)) {
    refuse(cpu, VECTOR_NP, code, `${name()} is not present`);
    return false;
  }
  const descriptor = markAccessed(cpu, d);
  if (descriptor === undefined) return false;
  commitSegment(cpu, index, { selector, descriptor });
  return true;
}

/**
 * What came of a switch: `trapped` where the new task's T flag is set, so that {@link raiseTaskTrap} is due; `old` with the
 * fault of the old task recorded, `new` with that of the new task.
 */
export type SwitchResult = 'switched' | 'trapped' | 'old' | 'new';

/** #DB of a task's T flag, before its first instruction. */
export function raiseTaskTrap(cpu: SystemCpu): void {
  cpu.state.setWideField(DR + 48, cpu.state.wideField(DR + 48) | DR6_BT);
  refuse(cpu, VECTOR_DB, NO_ERROR_CODE, 'the T flag of the new task is set');
}

/**
 * Switches tasks.
 *
 * @param rip return address to save in the old task
 * @param ext the EXT bit of error codes
 * @returns `switched`, or whose fault has been raised
 */
export function switchTask(
  cpu: SystemCpu,
  selector: number,
  cause: SwitchCause,
  rip: bigint,
  ext: number,
): SwitchResult {
  const { state, memory } = cpu;
  const d = checkTss(cpu, selector, cause, ext);
  if (d === undefined) return 'old';
  const tr = segmentOf(state, TR_INDEX);
  const oldSelector = tr.selector;
  const oldFormat = isTss16(cpu) ? TSS_16 : TSS_32;
  const format = formatOf(d);
  const read = readTask(cpu, d, format);
  if (read === undefined || !probeTasks(cpu, tr.base, oldFormat, d.base)) return 'old';
  const leaves = cause === 'jump' || cause === 'return';
  if (leaves && !isNullSelector(oldSelector)) {
    const old = readDescriptor(cpu, oldSelector, VECTOR_TS, ext);
    if (old === undefined || !writeBusy(cpu, old, false)) return 'old';
  }
  if (!saveTask(cpu, oldFormat, rip, cause === 'return')) return 'old';
  // A task that returns to itself finds what has just been saved.
  const image = d.base === tr.base ? readTask(cpu, d, format) : read;
  if (image === undefined) return 'old';
  const nests = cause === 'call' || cause === 'interrupt';
  if (nests && !memory.write16(d.base, oldSelector, ACCESS_IMPLICIT)) return 'old';
  if (cause !== 'return' && !writeBusy(cpu, d, true)) return 'old';

  // From here on it is the new task.
  tr.load(selector, d.base, d.limit, d.attributes | 2);
  state.setField(CR0, state.field(CR0) | CR0_TS);
  state.setWideField(DR + 56, state.wideField(DR + 56) & ~DR7_LOCAL);
  cpu.debugRegistersChanged();
  const upperFlags = format.width === 16 ? 0 : image.flags & ~0xffff;
  state.rflags = ((upperFlags | (image.flags & 0xffff)) & FLAGS_DEFINED) | (nests ? FLAG_NT : 0);
  image.registers.forEach((value, i) => {
    state.writeGpr(i, format.width, BigInt(value));
  });
  state.rip = BigInt(image.ip);
  for (let i = 0; i < 6; i += 1) segmentOf(state, i).loadNull(image.segments[i] as number);
  segmentOf(state, LDTR_INDEX).loadNull(image.ldt);
  // Whatever its CS says, until there is a stack: a handler of level 0 takes that of the TSS then.
  state.cpl = 3;
  if (!loadTaskCr3(cpu, format, image) || !loadTaskSegments(cpu, image, ext)) {
    cpu.modeChanged();
    return 'new';
  }
  cpu.modeChanged();
  cpu.requestAttention();
  return image.traps ? 'trapped' : 'switched';
}

function probeTasks(cpu: SystemCpu, oldBase: bigint, oldFormat: TssFormat, newBase: bigint): boolean {
  const saved = oldFormat.segments + oldFormat.segmentCount * (oldFormat.width / 8) - oldFormat.ip;
  const at = tableAddress(cpu, oldBase, oldFormat.ip);
  return cpu.memory.probeWrite(at, saved, ACCESS_IMPLICIT) && cpu.memory.probeWrite(newBase, 2, ACCESS_IMPLICIT);
}

function loadTaskCr3(cpu: SystemCpu, format: TssFormat, image: TaskImage): boolean {
  const { state } = cpu;
  if (format.cr3 === undefined || (state.field(CR0) & CR0_PG) === 0) return true;
  const cr4 = state.field(CR4);
  const isSame = state.wideField(CR3) === BigInt(image.cr3);
  state.setWideField(CR3, BigInt(image.cr3));
  if (!isSame) cpu.pagingChanged({ keepGlobal: (cr4 & CR4_PGE) !== 0 });
  return isSame || (cr4 & CR4_PAE) === 0 || loadPdpteRegisters(cpu, BigInt(image.cr3));
}
