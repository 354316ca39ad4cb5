/** @source SDM Vol. 1 "Operation of XSAVE" to "Operation of XRSTORS"; SDM Vol. 2D, each instruction under its name */
import type { Instruction } from '../../decode/instruction.ts';
import { CR0_TS } from '../../state/control-registers.ts';
import { CR0, MXCSR, PKRU, XCR0 } from '../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type Outcome, type SystemCpu, type SystemOperation } from '../system/context.ts';
import type { CpuFeature } from '../system/cpu-model.ts';
import { deviceNotAvailable, generalProtection, hex, undefinedOpcode } from '../system/fault.ts';
import { dataAccess, requireCpl0, serialize } from '../system/processor-mode.ts';
import { writePkru } from '../system/protection-key.ts';
import { formatOf, imageAddress, isMxcsrValid } from './fxsave.ts';
import {
  initializeMxcsr,
  initializeX87,
  initializeXmm,
  LEGACY_SIZE_BYTES,
  loadX87,
  loadXmm,
  MXCSR_AT,
  MXCSR_RANGE,
  readImage,
  storeMxcsr,
  storeX87,
  storeXmm,
  writeImage,
  X87_RANGES,
  xmmRange,
} from './legacy-region.ts';
import { COMPONENT_PKRU, COMPONENT_SSE, COMPONENT_X87, componentsInUse, isXsaveEnabled } from './xcr.ts';

/** The XSAVE area: the legacy region, a header, and what components beyond x87 and SSE need. */
const HEADER_AT = LEGACY_SIZE_BYTES;
const XCOMP_BV_AT: number = HEADER_AT + 8;
const HEADER_REST_AT: number = HEADER_AT + 16;
const HEADER_END = 576;
/** PKRU, the only component behind the header, in the standard and in the compacted format. */
export const PKRU_AT: number = HEADER_END;
export const PKRU_SIZE_BYTES = 8;
const AREA_SIZE_MAX_BYTES: number = PKRU_AT + PKRU_SIZE_BYTES;

/** Bytes of an area for some components. */
export const areaSizeOf = (components: number): number =>
  (components & COMPONENT_PKRU) !== 0 ? AREA_SIZE_MAX_BYTES : HEADER_END;
const ALIGNMENT = 64;
const COMPACTED = 1n << 63n;

/** Components that an instruction is asked for and XCR0 has; IA32_XSS, which only XSAVES and XRSTORS look at, has none. */
const requested = ({ state }: SystemCpu): number => state.field(XCR0) & state.gpr32(0);

interface AreaUse {
  /** What came with the instruction. */
  readonly feature: CpuFeature;
  /** XSAVES and XRSTORS: at CPL 0 only. */
  readonly isForSupervisor: boolean;
  readonly isWrite: boolean;
}

/** The area's address, once nothing withholds the instruction; undefined after a fault. */
function areaOf(cpu: SystemCpu, instruction: Instruction, use: AreaUse): bigint | undefined {
  const { mnemonic } = instruction;
  if (!cpu.model.features.has(use.feature)) {
    undefinedOpcode(cpu, `${mnemonic} is not a feature of this processor`);
    return undefined;
  }
  if (!isXsaveEnabled(cpu, mnemonic)) return undefined;
  if ((cpu.state.field(CR0) & CR0_TS) !== 0) {
    deviceNotAvailable(cpu, `${mnemonic} with CR0.TS set`);
    return undefined;
  }
  if (use.isForSupervisor && !requireCpl0(cpu, mnemonic)) return undefined;
  const parts = { sizeBytes: areaSizeOf(requested(cpu)), alignment: ALIGNMENT, isWrite: use.isWrite };
  return imageAddress(cpu, instruction, parts);
}

interface SaveOptions extends Omit<AreaUse, 'isWrite'> {
  /** Leaves out what is in its initial configuration. */
  readonly skipsInitial: boolean;
  /** Writes a header that says what the area has room for. */
  readonly compacts: boolean;
}

/** Saves components. What has not changed since it came from the area is saved all the same, as any instruction may. */
function save(cpu: SystemCpu, instruction: Instruction, options: SaveOptions): Outcome {
  const linear = areaOf(cpu, instruction, { ...options, isWrite: true });
  if (linear === undefined) return OUTCOME_FAULT;
  const { state } = cpu;
  const access = dataAccess(state);
  const components = requested(cpu);
  if (!cpu.memory.probeWrite(linear, areaSizeOf(components), access)) return OUTCOME_FAULT;
  const inUse = components & componentsInUse(cpu);
  const saved = options.skipsInitial ? inUse : components;
  const before = options.compacts ? 0n : cpu.memory.read64(linear + BigInt(HEADER_AT), access) & ~BigInt(components);
  if (cpu.memory.failed) return OUTCOME_FAULT;
  const format = formatOf(cpu, instruction);
  const image = new DataView(new ArrayBuffer(AREA_SIZE_MAX_BYTES));
  storeX87(state, image, format);
  storeMxcsr(state, image);
  storeXmm(state, image, format);
  image.setUint32(PKRU_AT, state.field(PKRU), true);
  image.setBigUint64(HEADER_AT, before | BigInt(inUse), true);
  image.setBigUint64(XCOMP_BV_AT, COMPACTED | BigInt(components), true);
  // MXCSR goes with the request, but in the compacted form it is part of the component.
  const hasMxcsr = ((options.compacts ? saved : components) & COMPONENT_SSE) !== 0;
  writeImage(cpu, linear, image, [
    ...((saved & COMPONENT_X87) !== 0 ? X87_RANGES : []),
    ...(hasMxcsr ? [MXCSR_RANGE] : []),
    ...((saved & COMPONENT_SSE) !== 0 ? [xmmRange(format)] : []),
    [HEADER_AT, options.compacts ? HEADER_REST_AT : XCOMP_BV_AT],
    ...((saved & COMPONENT_PKRU) !== 0 ? [[PKRU_AT, AREA_SIZE_MAX_BYTES] as const] : []),
  ]);
  return OUTCOME_NEXT;
}

const saving =
  (feature: CpuFeature, options: Omit<SaveOptions, 'feature' | 'isForSupervisor'>): SystemOperation =>
  (cpu, instruction) =>
    save(cpu, instruction, { ...options, feature, isForSupervisor: feature === 'XSAVES' });
export const XSAVE: SystemOperation = saving('XSAVE', { skipsInitial: false, compacts: false });
export const XSAVEOPT: SystemOperation = saving('XSAVEOPT', { skipsInitial: true, compacts: false });
export const XSAVEC: SystemOperation = saving('XSAVEC', { skipsInitial: true, compacts: true });
export const XSAVES: SystemOperation = saving('XSAVES', { skipsInitial: true, compacts: true });

/** Why a header is none, or undefined. */
function headerRefusal(cpu: SystemCpu, image: DataView, isForSupervisor: boolean): string | undefined {
  const present = image.getBigUint64(HEADER_AT, true);
  const layout = image.getBigUint64(XCOMP_BV_AT, true);
  const enabled = BigInt(cpu.state.field(XCR0));
  if ((present & ~enabled) !== 0n) return `XSTATE_BV ${hex(present)} has components that XCR0 has not`;
  if ((layout & COMPACTED) === 0n) {
    if (isForSupervisor) return 'XCOMP_BV says that the area is not compacted';
    return layout === 0n && image.getBigUint64(HEADER_REST_AT, true) === 0n
      ? undefined
      : 'the header is not zero behind XSTATE_BV';
  }
  if (!cpu.model.features.has('XSAVEC')) return 'XCOMP_BV says that the area is compacted';
  const room = layout & ~COMPACTED;
  if ((room & ~enabled) !== 0n) return `XCOMP_BV ${hex(layout)} has components that XCR0 has not`;
  if ((present & ~room) !== 0n) return 'XSTATE_BV has components that XCOMP_BV has not';
  for (let at = HEADER_REST_AT; at < HEADER_END; at += 8) {
    if (image.getBigUint64(at, true) !== 0n) return 'the header is not zero behind XCOMP_BV';
  }
  return undefined;
}

/** Restores components. Those that are not in the area get their initial configuration. */
function restore(cpu: SystemCpu, instruction: Instruction, use: Omit<AreaUse, 'isWrite'>): Outcome {
  const linear = areaOf(cpu, instruction, { ...use, isWrite: false });
  const image = linear === undefined ? undefined : readImage(cpu, linear, areaSizeOf(requested(cpu)));
  if (image === undefined) return OUTCOME_FAULT;
  const refusal = headerRefusal(cpu, image, use.isForSupervisor);
  if (refusal !== undefined) return generalProtection(cpu, `${instruction.mnemonic}: ${refusal}`);
  const { state } = cpu;
  const components = requested(cpu);
  const present = Number(image.getBigUint64(HEADER_AT, true));
  const isCompacted = (image.getBigUint64(XCOMP_BV_AT, true) & COMPACTED) !== 0n;
  const format = formatOf(cpu, instruction);
  const hasSse = (components & COMPONENT_SSE) !== 0;
  // MXCSR comes from the area whatever that has of XMM registers, unless it is compacted.
  const loadsMxcsr = hasSse && (!isCompacted || (present & COMPONENT_SSE) !== 0);
  const mxcsr = image.getUint32(MXCSR_AT, true);
  if (loadsMxcsr && !isMxcsrValid(cpu, mxcsr)) return OUTCOME_FAULT;
  if ((components & COMPONENT_X87) !== 0) {
    if ((present & COMPONENT_X87) !== 0) loadX87(state, image, format);
    else initializeX87(state);
  }
  if (hasSse) {
    if (loadsMxcsr) state.setField(MXCSR, mxcsr);
    else initializeMxcsr(state);
    if ((present & COMPONENT_SSE) !== 0) loadXmm(state, image, format);
    else initializeXmm(state, format);
  }
  if ((components & COMPONENT_PKRU) === 0) return OUTCOME_NEXT;
  writePkru(cpu, (present & COMPONENT_PKRU) !== 0 ? image.getUint32(PKRU_AT, true) : 0);
  return serialize(cpu);
}

export const XRSTOR: SystemOperation = (cpu, instruction) =>
  restore(cpu, instruction, { feature: 'XSAVE', isForSupervisor: false });
export const XRSTORS: SystemOperation = (cpu, instruction) =>
  restore(cpu, instruction, { feature: 'XSAVES', isForSupervisor: true });
