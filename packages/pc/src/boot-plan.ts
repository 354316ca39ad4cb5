import type { EntryState, SegmentState } from '@longmode/bootloader';
import { type Cpu, CS, DS, ES, FIELD, FS, GS, SS } from '@longmode/cpu-x86';

const REGISTERS = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const;
const SEGMENTS = { es: ES, cs: CS, ss: SS, ds: DS, fs: FS, gs: GS } as const;

/** Puts the processor into the state in which a boot protocol enters a kernel. */
export function enterKernel(cpu: Cpu, entry: EntryState): void {
  const { state } = cpu;
  REGISTERS.forEach((name, index) => {
    state.setGpr(index, entry.registers[name]);
  });
  for (const [name, index] of Object.entries(SEGMENTS) as [keyof typeof SEGMENTS, number][]) {
    const segment: SegmentState = entry.segments[name];
    state.segments[index]?.load(segment.selector, segment.base, segment.limit, segment.attributes);
  }
  state.rip = entry.rip;
  state.rflags = Number(entry.rflags);
  state.cpl = 0;
  state.setField(FIELD.CR0, Number(entry.cr0));
  state.setField(FIELD.CR4, Number(entry.cr4));
  state.setWideField(FIELD.CR3, entry.cr3);
  state.setWideField(FIELD.MSR_EFER, entry.efer);
  state.setWideField(FIELD.GDTR_BASE, entry.gdtr.base);
  state.setField(FIELD.GDTR_LIMIT, entry.gdtr.limit);
  state.setWideField(FIELD.IDTR_BASE, entry.idtr.base);
  state.setField(FIELD.IDTR_LIMIT, entry.idtr.limit);
  cpu.synchronize();
}
