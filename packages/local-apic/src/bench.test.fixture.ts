import { VirtualClock } from '@longmode/machine';
import { LocalApic, type LocalApicDependencies } from './index.ts';

/** Offsets of registers in memory. */
export const AT = {
  id: 0x20,
  version: 0x30,
  tpr: 0x80,
  apr: 0x90,
  ppr: 0xa0,
  eoi: 0xb0,
  ldr: 0xd0,
  dfr: 0xe0,
  svr: 0xf0,
  isr: 0x100,
  tmr: 0x180,
  irr: 0x200,
  esr: 0x280,
  icr: 0x300,
  icrHigh: 0x310,
  timer: 0x320,
  thermal: 0x330,
  performance: 0x340,
  lint0: 0x350,
  lint1: 0x360,
  error: 0x370,
  initialCount: 0x380,
  currentCount: 0x390,
  divide: 0x3e0,
} as const;

/** A local APIC alone, with what it drives written down. */
export function bench(options: Partial<LocalApicDependencies> = {}) {
  const clock = new VirtualClock();
  const log: string[] = [];
  const apic = new LocalApic({
    clock,
    interrupt: { set: (level) => log.push(level ? 'INTR' : 'intr') },
    nmi: () => log.push('NMI'),
    acknowledgeExternal: () => 0x99,
    endOfInterrupt: (vector) => log.push(`EOI ${vector.toString(16)}`),
    timeStampCounter: () => BigInt(clock.now),
    ...options,
  });
  const read = (at: keyof typeof AT, word = 0): number => apic.readMemory(AT[at] + 16 * word, 32);
  const write = (at: keyof typeof AT, value: number): void => apic.writeMemory(AT[at], 32, value);
  /** Vectors in one of the three sets. */
  const vectors = (set: 'isr' | 'tmr' | 'irr'): number[] =>
    Array.from({ length: 256 }, (_, v) => v).filter((v) => ((read(set, v >> 5) >>> (v & 31)) & 1) !== 0);
  return { apic, clock, log, read, write, vectors };
}

/** The same, with the APIC enabled by software and spurious vector FFH. */
export function enabledBench(options: Partial<LocalApicDependencies> = {}) {
  const made = bench(options);
  made.write('svr', 0x1ff);
  return made;
}

/** An interrupt command for this processor alone, fixed, with the vector. */
export const SELF = 0x4_4000;
