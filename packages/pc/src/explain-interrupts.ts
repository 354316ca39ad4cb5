import { exceptionName } from '@longmode/cpu-x86';
import { formatHex } from '@longmode/mmu';
import type { Pic8259a } from '@longmode/pic-8259a';
import type { Pc } from './pc.ts';
import { isInterruptible, isWaiting } from './wake.ts';

/** Virtual time in service from which an interrupt is taken for forgotten. */
const HANDLER_TIME_MAX_NS = 1e6;
const CASCADE = 2;
const LINE_COUNT = 8;
const NAMES: Readonly<Record<number, string>> = {
  0: 'timer',
  1: 'keyboard',
  4: 'COM1',
  6: 'floppy',
  8: 'real-time clock',
  9: 'ACPI',
  12: 'mouse',
  13: 'coprocessor',
  14: 'first ATA channel',
  15: 'second ATA channel',
};
const irqName = (irq: number): string => `IRQ ${irq}${NAMES[irq] === undefined ? '' : ` (${NAMES[irq]})`}`;
const bits = (mask: number): number[] => Array.from({ length: LINE_COUNT }, (_, i) => i).filter((i) => mask & (1 << i));

/**
 * Says what holds interrupts back in the machine as it is: one that was never ended, requests that are masked or that the
 * processor does not take, controllers that are still as the firmware left them.
 *
 * @returns a line for each finding, most often none
 */
export function explainInterrupts(pc: Pc): string[] {
  return [...explainMisdirection(pc), ...unended(pc), ...unendedInLocalApic(pc), ...untaken(pc), ...masked(pc)];
}

/** Says that an interrupt came by an exception's vector: the controllers' vectors are still the firmware's. */
export function explainMisdirection(pc: Pc): string[] {
  const taken = pc.interruptHistory.misdirected;
  if (taken === undefined) return [];
  const irq = irqOf(pc, taken.vector);
  const name = irq === undefined ? 'an interrupt' : irqName(irq);
  const cure = 'the interrupt controllers want vectors from 32 up (ICW2) before interrupts are turned on';
  return [`${name} came as vector ${taken.vector}, which is that of ${exceptionName(taken.vector)}: ${cure}`];
}

function irqOf({ picMaster, picSlave }: Pc, vector: number): number | undefined {
  if (vector >= picMaster.vectorBase && vector < picMaster.vectorBase + LINE_COUNT)
    return vector - picMaster.vectorBase;
  if (vector >= picSlave.vectorBase && vector < picSlave.vectorBase + LINE_COUNT) {
    return vector - picSlave.vectorBase + LINE_COUNT;
  }
  return undefined;
}

/** The interrupt of highest priority that has been in service for long: nobody sent an end of interrupt. */
function unended(pc: Pc): string[] {
  const { picMaster, picSlave } = pc;
  const line = bits(picMaster.inService)[0];
  if (line === undefined) return [];
  const slaveLine = line === CASCADE ? bits(picSlave.inService)[0] : undefined;
  const [controller, input]: [Pic8259a, number] = slaveLine === undefined ? [picMaster, line] : [picSlave, slaveLine];
  const since = pc.interruptHistory.lastOf(controller.vectorBase + input);
  if (line === CASCADE && slaveLine === undefined) {
    return [
      'the second interrupt controller’s interrupt was ended there (port 0xa0), but not in the first one (port 0x20)',
    ];
  }
  if (since === undefined || pc.virtualTimeNs - since.tick < HANDLER_TIME_MAX_NS) return [];
  const ports = slaveLine === undefined ? 'port 0x20' : 'ports 0xa0 and 0x20';
  const held =
    line === 0 ? 'no other IRQ gets through' : `IRQ ${line} to 7${line <= CASCADE ? ' and 8 to 15' : ''} wait`;
  const name = irqName(slaveLine === undefined ? line : slaveLine + LINE_COUNT);
  return [
    `${name} has been in service since instruction ${since.instructionCount}: no end of interrupt (EOI, 0x20 to ${ports}) came, and ${held}`,
  ];
}

function unendedInLocalApic({ localApic, interruptHistory, virtualTimeNs }: Pc): string[] {
  const vector = localApic.inService;
  const since = vector === undefined ? undefined : interruptHistory.lastOf(vector);
  if (vector === undefined || since === undefined || virtualTimeNs - since.tick < HANDLER_TIME_MAX_NS) return [];
  const held = `vectors below ${formatHex((vector & 0xf0) + 0x10)} wait`;
  return [
    `vector ${formatHex(vector)} has been in service in the local APIC since instruction ${since.instructionCount}: no end of interrupt (EOI, 0 to 0xfee0_00b0) came, and ${held}`,
  ];
}

/** Requests that the processor does not take, though the guest took interrupts before. */
function untaken(pc: Pc): string[] {
  if (!pc.localApic.passesExternalInterrupts) return [];
  if (isInterruptible(pc) || !pc.interruptHistory.hasProtected || !pc.picMaster.isRequesting) return [];
  const line = bits(pc.picMaster.requests & ~pc.picMaster.mask)[0] ?? 0;
  const slaveLine = line === CASCADE ? bits(pc.picSlave.requests & ~pc.picSlave.mask)[0] : undefined;
  return [
    `interrupts are off (IF is 0) while ${irqName(slaveLine === undefined ? line : slaveLine + LINE_COUNT)} waits`,
  ];
}

/** Requests that a processor in HLT would take, if their lines were not masked. */
function masked(pc: Pc): string[] {
  // With an I/O APIC in use, the older controllers are masked for good.
  if (!isWaiting(pc) || !isInterruptible(pc) || pc.ioApic.openInputs !== 0) return [];
  const told = (controller: Pic8259a, first: number, port: string): string[] =>
    bits(controller.requests & controller.mask & ~(pc.openIrqs >> first)).map(
      (line) => `${irqName(first + line)} is requested, but masked (bit ${line} of port ${port})`,
    );
  return [...told(pc.picMaster, 0, '0x21'), ...told(pc.picSlave, LINE_COUNT, '0xa1')];
}
