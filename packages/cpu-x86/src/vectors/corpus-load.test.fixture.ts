import { STATE, STATE_SIZE_BYTES, type VectorCase } from '@longmode/x86-vectors';
import { CS, DS, ES, FS, GS, SS } from '../decode/instruction.ts';
import {
  FPR,
  FPU_CONTROL,
  FPU_DATA_POINTER,
  FPU_INSTRUCTION_POINTER,
  FPU_OPCODE,
  FPU_STATUS,
  FPU_TAG,
  GPR,
  MXCSR,
  PKRU,
  XMM,
} from '../state/layout.ts';
import { segmentBaseField } from '../state/segment-register.ts';
import type { RecordedProcess } from './recorded-process.test.fixture.ts';

const RSP = 4;
const TOP_SHIFT = 11;

/** Gives a process the state before a case: the next instruction is the return to it. */
export function loadCase(
  process: RecordedProcess,
  { before }: VectorCase,
  { codeSize, hasVectors }: { readonly codeSize: number; readonly hasVectors: boolean },
): void {
  const { state } = process.cpu;
  const words = new Uint32Array(before.buffer, before.byteOffset, STATE_SIZE_BYTES / 4);
  const view = new DataView(before.buffer, before.byteOffset, STATE_SIZE_BYTES);
  state.u32.set(words.subarray(0, 32), GPR >> 2);
  const selector = (index: number): number => view.getUint16(STATE.SELECTORS + 2 * index, true);
  state.setField(PKRU, 0);
  for (const index of [ES, DS, FS, GS]) process.loadSegment(index, selector(index));
  if (codeSize === 64) {
    state.setWideField(segmentBaseField(FS), view.getBigUint64(STATE.FS_BASE, true));
    state.setWideField(segmentBaseField(GS), view.getBigUint64(STATE.GS_BASE, true));
  }
  if (hasVectors) loadVectors(process, view, words);
  process.prepareEntry({
    rip: view.getBigUint64(STATE.RIP, true),
    cs: selector(CS),
    rflags: view.getUint32(STATE.RFLAGS, true),
    rsp: view.getBigUint64(STATE.GPR + 8 * RSP, true),
    ss: selector(SS),
  });
}

/** IRET to a 16-bit stack segment leaves the upper half of ESP as it was: operating systems mend that, somehow. */
export function mendStackPointer({ cpu }: RecordedProcess, { before }: VectorCase): void {
  const view = new DataView(before.buffer, before.byteOffset);
  cpu.state.setGpr(RSP, view.getBigUint64(STATE.GPR + 8 * RSP, true));
}

function loadVectors({ cpu }: RecordedProcess, view: DataView, words: Uint32Array): void {
  const { state } = cpu;
  const status = view.getUint16(STATE.FSW, true);
  state.setField(FPU_CONTROL, view.getUint16(STATE.FCW, true));
  state.setField(FPU_STATUS, status);
  state.setField(FPU_TAG, view.getUint8(STATE.FTW));
  state.setField(FPU_OPCODE, view.getUint16(STATE.FOP, true));
  state.setWideField(FPU_INSTRUCTION_POINTER, view.getBigUint64(STATE.FIP, true));
  state.setWideField(FPU_DATA_POINTER, view.getBigUint64(STATE.FDP, true));
  for (let i = 0; i < 8; i++) {
    const register = (i + (status >> TOP_SHIFT)) & 7;
    state.u32.set(words.subarray((STATE.ST >> 2) + 4 * i, (STATE.ST >> 2) + 4 * i + 3), (FPR >> 2) + 4 * register);
  }
  state.setField(MXCSR, view.getUint32(STATE.MXCSR, true));
  state.u32.set(words.subarray(STATE.XMM >> 2, (STATE.XMM >> 2) + 64), XMM >> 2);
}
