import { describe, expect, it } from 'vitest';
import { DEFAULT_CPU_MODEL } from '../semantics/system/cpu-model.ts';
import { CpuStateError, checkState, loadState, STATE_REGISTERS, saveState } from './architectural-state.ts';
import { CpuState } from './cpu-state.ts';
import * as layout from './layout.ts';
import { resetState } from './reset.ts';

function newState(): CpuState {
  const state = new CpuState(new ArrayBuffer(layout.STATE_SIZE_BYTES), 0);
  resetState(state, DEFAULT_CPU_MODEL);
  return state;
}

/** Fields that the engine keeps for itself, or that are part of others here. */
const NOT_REGISTERS = new Set([
  ...['GPR', 'ZERO', 'RIP', 'FLAGS_KIND', 'FLAGS_X', 'FLAGS_Y', 'SYSTEM_FLAGS', 'CPL', 'MODE', 'INTERRUPT_SHADOW'],
  ...['ACTIVITY', 'STEP_PENDING', 'SEGMENTS', 'STATE_SIZE_BYTES', 'LDTR_INDEX', 'TR_INDEX', 'NO_FAULT'],
  ...['BUDGET', 'TLB_READ', 'RIP_BASE', 'CODE_BASE', 'JUMP_TAG', 'RECORD', 'CANONICAL_SHIFT', 'BOUNCE'],
  ...['SSE_UNAVAILABLE', 'ASSIST_REASON', 'ASSIST_SOURCE', 'ASSIST_UNAVAILABLE', 'ASSIST_MISALIGNED', 'ASSIST_COMPUTE'],
  ...[
    'FAULT_VECTOR',
    'FAULT_ERROR_CODE',
    'FPR_SIZE_BYTES',
    'FPR_SIGNIFICAND',
    'FPR_EXPONENT',
    'MMX_EXPONENT',
    'XMM_SIZE_BYTES',
  ],
  ...['INTERRUPT_REQUEST', 'JUMP_TAG_USER', 'REPEAT_UNFINISHED'],
]);

describe('the state as plain data', () => {
  it('has every register of the layout', () => {
    const offsets = new Set(STATE_REGISTERS.map(([, offset]) => offset));
    const missing = Object.entries(layout).filter(
      ([name, offset]) =>
        !NOT_REGISTERS.has(name) && !/^(SEGMENT|ACTIVITY|MONITOR|SHADOW)_/.test(name) && !offsets.has(offset),
    );
    expect(missing).toEqual([]);
  });

  it('comes back as it was', () => {
    const state = newState();
    // Each register a value of its own, so that none can stand for another.
    STATE_REGISTERS.forEach(([, offset, width], i) => {
      if (width === 64) state.setWideField(offset, 0x1_0000_0000n * BigInt(i + 1));
      else state.setField(offset, 0x100 + i);
    });
    for (let i = 0; i < 16; i++) state.setGpr(i, 2n ** 63n + BigInt(i));
    for (const [i, segment] of state.segments.entries()) segment.load(8 * i, BigInt(i) << 40n, 0xfff + i, 0x93);
    state.rip = 2n ** 64n - 16n;
    state.rflags = 0x24_0ad7;
    state.cpl = 3;
    state.setField(layout.ACTIVITY, layout.ACTIVITY_HALTED);
    state.setField(layout.INTERRUPT_SHADOW, layout.SHADOW_STACK);
    const saved = saveState(state);
    const other = newState();
    loadState(other, structuredClone(saved));
    expect(saveState(other)).toEqual(saved);
    expect(new Set(Object.values(saved.registers)).size).toBe(STATE_REGISTERS.length);
  });

  it('is accepted as a processor has it after reset', () => {
    expect(() => checkState(saveState(newState()))).not.toThrow();
  });
});

describe('data that is no state', () => {
  const good = saveState(newState());
  const registers = (changes: Record<string, unknown>) => ({ ...good, registers: { ...good.registers, ...changes } });
  const cs = (changes: Record<string, unknown>) => {
    return { ...good, segments: { ...good.segments, cs: { ...good.segments.cs, ...changes } } };
  };
  it.each<[string, unknown]>([
    ['state', null],
    ['state', []],
    ['gprs', { ...good, gprs: [1n] }],
    ['gprs.3', { ...good, gprs: good.gprs.map((value, i) => (i === 3 ? 1 : value)) }],
    ['gprs.0', { ...good, gprs: good.gprs.map((value, i) => (i === 0 ? -1n : value)) }],
    ['rip', { ...good, rip: 2n ** 64n }],
    ['rflags', { ...good, rflags: 0 }],
    ['rflags', { ...good, rflags: 0x8000_0002 }],
    ['rflags', { ...good, rflags: 0x2_0002 }],
    ['cpl', { ...good, cpl: 4 }],
    ['cpl', { ...good, cpl: 3 }],
    ['activity', { ...good, activity: 'asleep' }],
    ['interruptShadow', { ...good, interruptShadow: 1 }],
    ['segments', { ...good, segments: [] }],
    ['segments.tr', { ...good, segments: { ...good.segments, tr: undefined } }],
    ['segments.cs.selector', cs({ selector: 0x1_0000 })],
    ['segments.cs.base', cs({ base: 5 })],
    ['segments.cs.limit', cs({ limit: 1.5 })],
    ['segments.cs.attributes', cs({ attributes: -1 })],
    ['registers', { ...good, registers: 1 }],
    ['registers.cr3', registers({ cr3: undefined })],
    ['registers.cr4', registers({ cr4: 2n ** 32n })],
    ['registers.cr0', registers({ cr0: 0x8000_0000n })],
    ['registers.efer', registers({ efer: 0x400n })],
    ['registers.efer', registers({ efer: 0x100n, cr0: 0x8000_0001n, cr4: 0x20n })],
    ['registers.cr4', registers({ efer: 0x500n, cr0: 0x8000_0001n })],
  ])('is refused: %s (%#)', (subject, data) => {
    let caught: unknown;
    try {
      checkState(data);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(CpuStateError);
    expect((caught as CpuStateError).subject).toBe(subject);
  });
});
