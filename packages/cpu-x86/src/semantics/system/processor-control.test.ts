import { describe, expect, it } from 'vitest';
import { ACTIVITY, ACTIVITY_HALTED, CR4, DR } from '../../state/layout.ts';
import { OUTCOME_BRANCH, OUTCOME_EXIT, OUTCOME_NEXT } from './context.ts';
import { FakeCpu, faultOf, RAX, RBP, RSP, STACK0, STACK3 } from './fake-cpu.test.fixture.ts';

const GP0 = [13, 0];
const UD = [6, -1];
const DB = [1, -1];

describe('HLT', () => {
  it('halts after itself, at CPL 0', () => {
    const cpu = new FakeCpu('64-bit');
    expect(cpu.run(0xf4)).toBe(OUTCOME_EXIT);
    expect([cpu.state.field(ACTIVITY), cpu.state.rip]).toEqual([ACTIVITY_HALTED, 0x4001n]);
    expect(faultOf(new FakeCpu('64-bit', 3), 0xf4)).toEqual(GP0);
  });
});

describe('privileged instructions without effect or with an effect on caches only', () => {
  it.each([
    ['INVD', [0x0f, 0x08]],
    ['WBINVD', [0x0f, 0x09]],
    ['INVLPG', [0x0f, 0x01, 0x38]],
  ] as const)('%s needs CPL 0', (_name, bytes) => {
    expect(new FakeCpu('64-bit').run(...bytes)).not.toBe(2);
    expect(faultOf(new FakeCpu('64-bit', 3), ...bytes)).toEqual(GP0);
  });

  it('INVLPG names the linear address, checks nothing, and skips what is not canonical', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setGpr(RAX, 0xffff800000123456n);
    cpu.run(0x0f, 0x01, 0x38); // invlpg [rax]
    cpu.state.setGpr(RAX, 0x0000800000000000n);
    expect(cpu.run(0x0f, 0x01, 0x38)).toBe(OUTCOME_NEXT);
    expect(cpu.invalidated).toEqual([0xffff800000123456n]);
    const narrow = new FakeCpu('protected');
    narrow.state.segments[3]?.load(0x10, 0x1000n, 0xff, 0x93);
    narrow.state.setGpr(RAX, 0xfffff000n);
    narrow.run(0x0f, 0x01, 0x38);
    expect(narrow.invalidated).toEqual([0n]);
  });

  it('fences do nothing at any CPL', () => {
    for (const modrm of [0xe8, 0xf0, 0xf8]) {
      expect(new FakeCpu('64-bit', 3).run(0x0f, 0xae, modrm)).toBe(OUTCOME_NEXT);
    }
  });

  it('CLFLUSH faults as a load of its byte does', () => {
    const cpu = new FakeCpu('64-bit', 3);
    cpu.state.setGpr(RAX, 0x6fffn);
    cpu.readOnly.add(6);
    expect(cpu.run(0x0f, 0xae, 0x38)).toBe(OUTCOME_NEXT);
    cpu.absent.add(6);
    expect(faultOf(cpu, 0x0f, 0xae, 0x38)).toEqual([14, 4]);
    cpu.state.setGpr(RAX, 0x800000000000n);
    expect(faultOf(cpu, 0x0f, 0xae, 0x38)).toEqual(GP0);
  });
});

describe('undefined and unoffered instructions', () => {
  it.each([
    ['UD2', [0x0f, 0x0b]],
    ['UD1', [0x0f, 0xb9, 0xc0]],
    ['UD0', [0x0f, 0xff, 0xc0]],
    ['XGETBV', [0x0f, 0x01, 0xd0]],
    ['XSETBV', [0x0f, 0x01, 0xd1]],
    ['RSM', [0x0f, 0xaa]],
  ] as const)('%s gives #UD', (_name, bytes) => {
    expect(faultOf(new FakeCpu('64-bit'), ...bytes)).toEqual(UD);
  });
});

describe('MOV to and from debug registers', () => {
  const toDr = (index: number): number[] => [0x0f, 0x23, 0xc0 | (index << 3)];
  const fromDr = (index: number): number[] => [0x0f, 0x21, 0xc0 | (index << 3)];

  it.each([
    [0, 0xffff800012345678n, 0xffff800012345678n],
    [3, 0x1234n, 0x1234n],
    [6, 0n, 0xffff0ff0n],
    [6, 0xffffffffn, 0xffffefffn],
    [7, 0n, 0x400n],
    [7, 0xffffdfffn, 0xffff07ffn],
  ])('DR%i written with %x reads %x', (index, value, result) => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setGpr(RAX, value);
    expect(cpu.run(...toDr(index))).toBe(OUTCOME_BRANCH);
    cpu.run(...fromDr(index));
    expect(cpu.state.gpr(RAX)).toBe(result);
  });

  it('DR4 and DR5 are DR6 and DR7 while CR4.DE is clear, and #UD while it is set', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.run(...fromDr(4));
    expect(cpu.state.gpr(RAX)).toBe(0xffff0ff0n);
    cpu.run(...fromDr(5));
    expect(cpu.state.gpr(RAX)).toBe(0x400n);
    cpu.state.setField(CR4, 0x28);
    expect(faultOf(cpu, ...fromDr(4))).toEqual(UD);
    expect(faultOf(cpu, ...toDr(5))).toEqual(UD);
  });

  it('faults above CPL 0, and with bits 63:32 for DR6 and DR7', () => {
    expect(faultOf(new FakeCpu('64-bit', 3), ...fromDr(0))).toEqual(GP0);
    const cpu = new FakeCpu('64-bit');
    cpu.state.setGpr(RAX, 1n << 32n);
    expect(faultOf(cpu, ...toDr(6))).toEqual(GP0);
    expect(faultOf(cpu, ...toDr(7))).toEqual(GP0);
  });

  it('with DR7.GD set gives #DB with DR6.BD', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setWideField(DR + 56, 0x2400n);
    expect(faultOf(cpu, ...fromDr(0))).toEqual(DB);
    expect(cpu.state.wideField(DR + 48)).toBe(0xffff2ff0n);
  });
});

describe('ENTER', () => {
  const quad = (cpu: FakeCpu, offset: number): bigint =>
    cpu.view.getBigUint64(Number(cpu.state.gpr(RSP)) + offset, true);

  it('with level 0 pushes RBP, makes it the frame and reserves the locals', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setGpr(RBP, 0x1234n);
    cpu.state.setGpr(RSP, 0x7000n);
    expect(cpu.run(0xc8, 0x20, 0x00, 0x00)).toBe(OUTCOME_NEXT);
    expect([cpu.state.gpr(RBP), cpu.state.gpr(RSP), quad(cpu, 0x20)]).toEqual([0x6ff8n, 0x6fd8n, 0x1234n]);
  });

  it('with level 1 pushes the new frame pointer too', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setGpr(RSP, 0x7000n);
    cpu.run(0xc8, 0x00, 0x00, 0x01);
    expect([cpu.state.gpr(RSP), quad(cpu, 0)]).toEqual([0x6ff0n, 0x6ff8n]);
  });

  it('with level 3 copies two frame pointers from below the enclosing frame; levels count modulo 32', () => {
    for (const level of [3, 35]) {
      const cpu = new FakeCpu('64-bit');
      cpu.state.setGpr(RSP, 0x7000n);
      cpu.state.setGpr(RBP, 0x7800n);
      cpu.view.setBigUint64(0x77f8, 0xaaaan, true);
      cpu.view.setBigUint64(0x77f0, 0xbbbbn, true);
      cpu.run(0xc8, 0x00, 0x00, level);
      expect([quad(cpu, 24), quad(cpu, 16), quad(cpu, 8), quad(cpu, 0)]).toEqual([0x7800n, 0xaaaan, 0xbbbbn, 0x6ff8n]);
    }
  });

  it('in real mode uses SP and BP and keeps the upper halves', () => {
    const cpu = new FakeCpu('real');
    cpu.state.setGpr(RSP, 0xaaaa7000n);
    cpu.state.setGpr(RBP, 0xbbbb1234n);
    cpu.run(0xc8, 0x10, 0x00, 0x00);
    expect([cpu.state.gpr(RSP), cpu.state.gpr(RBP)]).toEqual([0xaaaa6feen, 0xbbbb6ffen]);
  });

  it('faults when the locals reach into a page that cannot be written', () => {
    const cpu = new FakeCpu('64-bit', 3);
    cpu.absent.add((STACK3 - 0x1000) >> 12);
    cpu.state.setGpr(RSP, BigInt(STACK3 + 0x10));
    expect(faultOf(cpu, 0xc8, 0x00, 0x01, 0x00)).toEqual([14, 6]);
    expect(STACK0).toBeGreaterThan(0);
  });
});
