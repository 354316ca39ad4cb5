import { describe, expect, it } from 'vitest';
import { readImage } from '../test/images.ts';
import { explainOutcome } from './explain.ts';
import { explainInterrupts } from './explain-interrupts.ts';
import { loadImage } from './load.ts';
import type { Pc } from './pc.ts';

const STI_HLT = [0xfb, 0xf4, 0xeb, 0xfd]; // sti; next: hlt; jmp next

/** A PC that runs some code from its boot sector. */
function runSector(code: readonly number[], limits: Parameters<Pc['run']>[0]): { pc: Pc; lines: string[] } {
  const sector = new Uint8Array(512);
  sector.set(code);
  sector.set([0x55, 0xaa], 510);
  const { pc } = loadImage(sector, { ramSizeBytes: 2 ** 20 });
  return { pc, lines: explainOutcome(pc, pc.run(limits)) };
}

const out = (port: number, value: number): number[] => [0xb0, value, 0xe6, port]; // mov al, value; out port, al

describe('what holds interrupts back', () => {
  it('is an interrupt that nobody ended', () => {
    const floppy = new Uint8Array(2880 * 512);
    floppy.set(readImage('strict-missing-eoi.img'));
    const { pc } = loadImage(floppy);
    const outcome = pc.run({ instructions: 10_000_000, untilTick: 1e9 });
    const since = pc.interruptHistory.lastOf(0x20)?.instructionCount;
    expect(since).toBeGreaterThan(100);
    expect(explainOutcome(pc, outcome)).toEqual([
      expect.stringMatching(/^waiting in HLT at /),
      `IRQ 0 (timer) has been in service since instruction ${since}: no end of interrupt (EOI, 0x20 to port 0x20) came, and no other IRQ gets through`,
    ]);
  });

  it('is nothing while a handler may still be at work, or when all is well', () => {
    const { pc, lines } = runSector(STI_HLT, { untilTick: 1e9 });
    expect(lines).toEqual([expect.stringMatching(/^waiting in HLT/)]);
    expect(pc.interruptHistory.lastOf(8)?.tick).toBeGreaterThan(0.9e9);
    expect(explainInterrupts(pc)).toEqual([]);
  });

  it('is a mask', () => {
    const { pc, lines } = runSector([...out(0x21, 0xff), ...out(0xa1, 0xff), ...STI_HLT], { untilTick: 1e9 });
    expect(lines).toEqual([expect.stringMatching(/^halted for ever: HLT with every interrupt masked that could come/)]);
    pc.picMaster.setInput(1, true);
    expect(explainInterrupts(pc)).toEqual(['IRQ 1 (keyboard) is requested, but masked (bit 1 of port 0x21)']);
  });

  it('is the second controller, where only the second one was told of the end', () => {
    const pc = loadImage(Uint8Array.from({ length: 512 }, (_, i) => (i === 510 ? 0x55 : i === 511 ? 0xaa : 0x90))).pc;
    pc.run({ untilTick: 20e6 });
    pc.picSlave.writePort(1, 8, 0);
    pc.picMaster.writePort(1, 8, 0);
    pc.picSlave.setInput(6, true);
    pc.picMaster.acknowledge();
    pc.picSlave.writePort(0, 8, 0x20);
    expect(explainInterrupts(pc)).toContainEqual(expect.stringMatching(/^the second interrupt controller’s interrupt/));
  });
});

it('is an interrupt of the local APIC that nobody ended', () => {
  const { pc } = runSector(STI_HLT, { untilTick: 20e6 });
  pc.localApic.receive({ vector: 0x31, deliveryMode: 0, destination: 0, isLogical: false, isLevelTriggered: false });
  expect(pc.localApic.acknowledge()).toBe(0x31);
  pc.interruptHistory.note({ vector: 0x31, instructionCount: 77, tick: pc.virtualTimeNs }, true);
  expect(explainInterrupts(pc)).toEqual([]);
  pc.run({ untilTick: pc.virtualTimeNs + 2e6 });
  expect(explainInterrupts(pc)).toEqual([
    'vector 0x31 has been in service in the local APIC since instruction 77: no end of interrupt (EOI, 0 to 0xfee0_00b0) came, and vectors below 0x40 wait',
  ]);
});

describe('interrupts by the vectors of exceptions', () => {
  it('are told, for the controllers have not been set up', () => {
    const { pc } = runSector(STI_HLT, { untilTick: 1e6 });
    pc.interruptHistory.note({ vector: 8, instructionCount: 5, tick: 1 }, false);
    expect(explainInterrupts(pc)).toEqual([]);
    pc.interruptHistory.note({ vector: 8, instructionCount: 5, tick: 1 }, true);
    expect(explainInterrupts(pc)).toEqual([
      'IRQ 0 (timer) came as vector 8, which is that of #DF: the interrupt controllers want vectors from 32 up (ICW2) before interrupts are turned on',
    ]);
    pc.reset();
    expect(explainInterrupts(pc)).toEqual([]);
  });
});
