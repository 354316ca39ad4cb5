import type { EntryState, SegmentState, VideoMode } from '@longmode/bootloader';
import { type Cpu, CS, DS, ES, FIELD, FS, GS, SS } from '@longmode/cpu-x86';
import { DISPI_PORT_OFFSET, type Vga } from '@longmode/vga';

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

const DISPI_ENABLED_LINEAR = 0x41;

/** Sets a graphics mode with a linear frame buffer, as a boot loader has the VGA's BIOS do. */
export function setLinearMode(
  vga: Vga,
  { width, height, bitsPerPixel }: Exclude<VideoMode, { readonly biosMode: number }>,
): void {
  const registers = [
    [4, 0], // off, while the rest changes
    [1, width],
    [2, height],
    [3, bitsPerPixel],
    [4, DISPI_ENABLED_LINEAR],
  ] as const;
  for (const [index, value] of registers) {
    vga.writePort(DISPI_PORT_OFFSET, 16, index);
    vga.writePort(DISPI_PORT_OFFSET + 1, 16, value);
  }
}
