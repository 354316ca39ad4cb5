import { describe, expect, it } from 'vitest';
import { Cpu } from '../../cpu.ts';
import { CS, DS, ES, SS } from '../../decode/instruction.ts';
import { FIELD } from '../../state/field.ts';

const CODE = 0x1000;
const EFER_LONG = 0x500n;
const BAD = 0x8000_0000_0000n;

function machine(is64: boolean): Cpu {
  const cpu = new Cpu({ ramSizeBytes: 2 ** 20 });
  const { memory, state } = cpu;
  memory.write32(0x2000, 0x3003);
  memory.write32(0x3000, 0x83);
  state.setWideField(FIELD.CR3, 0x2000n);
  state.setField(FIELD.CR4, 0x620);
  state.setWideField(FIELD.MSR_EFER, is64 ? EFER_LONG : 0n);
  state.setField(FIELD.CR0, is64 ? 0x8000_0033 : 0x33);
  state.segments[CS]?.load(8, 0n, is64 ? 0xffff_ffff : 0x1fff, is64 ? 0xa09b : 0x409b);
  for (const index of [DS, ES, SS]) state.segments[index]?.loadFlat(0x10, 0xc093);
  state.setGpr(4, 0x8000n);
  state.rip = BigInt(CODE);
  cpu.synchronize();
  return cpu;
}

/** Runs an instruction that faults. @returns the vector and why */
function reasonOf(cpu: Cpu, hex: string): string {
  cpu.memory.write(
    CODE,
    Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16)),
  );
  expect(cpu.run(10)).toBe('shutdown');
  const [first] = cpu.exceptionLog.lastChain;
  return `${first?.vector} ${first?.reason}`;
}

describe('a fault of an operand says why, in 64-bit mode', () => {
  it.each([
    ['8a 03', 'mov al, [rbx]', '13 the address 0x8000_0000_0000 is not canonical'],
    ['48 8b 43 fc', 'mov rax, [rbx - 4]', '13 the address 0x7fff_ffff_fffc is not canonical'],
    ['65 8a 03', 'mov al, gs:[rbx]', '13 the address 0x8000_0000_0000 is not canonical'],
    ['ff e3', 'jmp rbx', '13 the target 0x8000_0000_0000 is not canonical'],
    ['ff d3', 'call rbx', '13 the target 0x8000_0000_0000 is not canonical'],
    ['53 c3', 'push rbx; ret', '13 the target is not canonical'],
    ['48 8d 63 01 50', 'lea rsp, [rbx + 1]; push rax', '12 the address 0x8000_0000_0000 is not canonical'],
  ])('%s (%s)', (code, _text, reason) => {
    const cpu = machine(true);
    cpu.state.setGpr(3, BAD);
    expect(reasonOf(cpu, code)).toBe(reason);
  });

  it('and names the cure for a stack that is not aligned', () => {
    expect(reasonOf(machine(true), '0f 28 44 24 08')).toBe(
      '13 MOVAPS at 0x8008, which is not a multiple of 16: RSP must be a multiple of 16 where a function is called',
    );
  });

  it('also where the instruction lies in two pages', () => {
    const cpu = machine(true);
    cpu.state.setGpr(3, BAD);
    cpu.state.rip = BigInt(CODE - 1);
    cpu.memory.write(CODE - 1, Uint8Array.of(0x8a));
    cpu.synchronize();
    expect(reasonOf(cpu, '03')).toBe('13 the address 0x8000_0000_0000 is not canonical');
  });
});

describe('a fault of an operand says why, with segments', () => {
  const withExtra = (limit: number, attributes: number): Cpu => {
    const cpu = machine(false);
    cpu.state.segments[ES]?.load(0x18, 0n, limit, attributes);
    cpu.synchronize();
    return cpu;
  };
  it.each([
    [0xff, 0x4093, '26 8a 03', '13 offset 0x100 is outside ES (limit 0xff)'],
    [0x102, 0x4093, '26 8b 03', '13 offset 0x100 is outside ES (limit 0x102)'],
    [0x100, 0x4097, '26 8a 03', '13 offset 0x100 is outside ES (limit 0x100, expanding down)'],
    [0xffff, 0x4091, '26 88 03', '13 ES is not writable (access at offset 0x100)'],
    [0xffff, 0x4099, '26 8a 03', '13 ES is not readable (access at offset 0x100)'],
    [0, 0, '26 8a 03', '13 ES holds a null selector (access at offset 0x100)'],
  ])('limit %i, attributes %i: %s', (limit, attributes, code, reason) => {
    const cpu = withExtra(limit, attributes);
    cpu.state.setGpr(3, 0x100n);
    expect(reasonOf(cpu, code)).toBe(reason);
  });

  it.each([
    ['2e 88 03', '13 CS is not writable (access at offset 0x0)'],
    ['e9 00 10 00 00', '13 the target is beyond the limit 0x1fff of the code segment'],
  ])('%s', (code, reason) => expect(reasonOf(machine(false), code)).toBe(reason));

  it('a stack that leads out of its segment', () => {
    const cpu = machine(false);
    cpu.state.segments[SS]?.load(0x10, 0n, 0x7fff, 0x4097);
    cpu.synchronize();
    expect(reasonOf(cpu, '50')).toBe(
      '12 the stack pointer 0x8000 leads out of SS, which goes from 0x8000 to 0xffff_ffff',
    );
  });

  it('an instruction across the limit', () => {
    const cpu = machine(false);
    cpu.state.rip = 0x1ffdn;
    cpu.memory.write(0x1ffd, Uint8Array.of(0xb8, 1, 2, 3, 4));
    cpu.synchronize();
    expect(reasonOf(cpu, '90')).toBe('13 the instruction ends beyond the limit 0x1fff of the code segment');
  });
});
