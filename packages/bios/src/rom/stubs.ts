/**
 * The machine code in the ROM: reset, interrupt stubs, and the one place that traps to the host.
 *
 * A stub is `call trap` and `iret`. `trap` is `out 0E0h, al` and `ret`: it changes no register, and the return address that
 * CALL pushed tells the host which stub it was. The host may rewrite that return address to make the stub go on elsewhere –
 * that is how a service waits: its `halt` path enables interrupts, halts and traps again, its `spin` path traps again at once.
 * Nothing here loads DS, ES, FS or GS in a service, so the limits of "unreal" mode survive; boot and reset do load them.
 */
import { BIOS_TRAP_PORT } from '../ports.ts';
import type { RomAssembler } from './assembler.ts';

/** The host functions that a stub can trap to. */
export type ServiceName =
  | 'post'
  | 'tick'
  | 'endOfInterrupt'
  | 'keyRead'
  | 'keyProcess'
  | 'pauseCheck'
  | 'rtcInterrupt'
  | 'floppyInterrupt'
  | 'mouseInterrupt'
  | 'fpuInterrupt'
  | 'ataInterrupt'
  | 'unexpected'
  | 'video'
  | 'equipment'
  | 'memorySize'
  | 'disk'
  | 'serial'
  | 'system'
  | 'keyboard'
  | 'printer'
  | 'bootFailed'
  | 'boot'
  | 'clock';

/** Places where the host can make a stub go on. */
export type Continuation =
  | `${'post' | 'serial' | 'system' | 'keyboard' | 'clock'}.${'halt' | 'spin'}`
  | 'keyIrq.done'
  | 'keyIrq.break'
  | 'keyIrq.print'
  | 'keyIrq.sysReq'
  | 'keyIrq.reset'
  | 'keyIrq.pause'
  | 'pause.wait'
  | 'rtcIrq.alarm'
  | 'boot.failed';

/** One `call trap`: what its return address stands for. */
export interface TrapEntry {
  readonly service: ServiceName;
  /** The interrupt vector that the stub serves. */
  readonly vector: number;
  /** True in the waiting paths of a service that was begun by an earlier trap. */
  readonly isRetry: boolean;
  /** Bytes that the stub itself pushed: between the return address and the frame of the interrupt. */
  readonly pushedBytes: number;
}

/** Addresses in segment F000 that programs and other firmware have relied on since the PC. */
export const CUSTOMARY_ENTRY = {
  post: 0xe05b,
  nmi: 0xe2c3,
  hardDisk: 0xe3fe,
  boot: 0xe6f2,
  serial: 0xe739,
  keyboard: 0xe82e,
  keyboardIrq: 0xe987,
  floppy: 0xec59,
  floppyIrq: 0xef57,
  printer: 0xefd2,
  video: 0xf065,
  memorySize: 0xf841,
  equipment: 0xf84d,
  system: 0xf859,
  clock: 0xfe6e,
  timerIrq: 0xfea5,
  vectors: 0xfef3,
  dummy: 0xff53,
  printScreen: 0xff54,
  reset: 0xfff0,
} as const;

const BODY_START = 0x8000;
/** Where INT 19h puts the stack: 6 bytes below 7C00h, so that after the IRET into the boot sector SP is 7C00h. */
const BOOT_SP = 0x7c00 - 6;
const POST_SP = 0x7000;
/** For LIDT: limit 3FFh, base 0. */
const VECTOR_TABLE_REGISTER = [0xff, 0x03, 0, 0, 0, 0];
const [ES, SS, DS, FS, GS] = [0, 2, 3, 4, 5];
/** Exceptions without a handler, and hardware interrupts 3, 4, 5, 7, 10, 11 and 15, which nothing of ours raises. */
const UNEXPECTED_VECTORS = [0x00, 0x06, 0x0a, 0x0b, 0x0c, 0x0d, 0x0f, 0x72, 0x73];

/** What {@link emitStubs} found out while emitting. */
export interface Stubs {
  /** By the return address of the `call trap`. */
  readonly entries: ReadonlyMap<number, TrapEntry>;
  /** Interrupt vector to offset in segment F000; every vector that has a stub of its own. */
  readonly vectors: ReadonlyMap<number, number>;
}

/** Emits every stub. Labels of continuations resolve with `assembler.offsetOf(name)`. */
export function emitStubs(assembler: RomAssembler): Stubs {
  const entries = new Map<number, TrapEntry>();
  const vectors = new Map<number, number>();
  const asm = assembler;

  const trap = (service: ServiceName, vector: number, isRetry = false, pushedBytes = 0): void => {
    asm.call('trap');
    entries.set(asm.position, { service, vector, isRetry, pushedBytes });
  };
  /** A body in the free area, reached by a jump from its customary address if it has one. */
  const stub = (vector: number, customary: number | undefined, body: () => void): void => {
    const start = asm.position;
    const label = `int${vector.toString(16)}h`;
    if (customary === undefined) {
      vectors.set(vector, start);
    } else {
      vectors.set(vector, customary);
      asm.org(customary).jmp(label).org(start);
    }
    asm.label(label);
    body();
  };
  const service = (vector: number, customary: number, name: ServiceName): void =>
    stub(vector, customary, () => {
      trap(name, vector);
      asm.iret();
    });
  const waitingService = (
    vector: number,
    customary: number,
    name: 'serial' | 'system' | 'keyboard' | 'clock',
    enableInterrupts: boolean,
  ): void =>
    stub(vector, customary, () => {
      if (enableInterrupts) asm.sti();
      trap(name, vector);
      asm.iret();
      asm.label(`${name}.halt`).sti().hlt().label(`${name}.spin`);
      trap(name, vector, true);
      asm.iret();
    });
  const interrupt = (vector: number, name: ServiceName, chained?: number): void =>
    stub(vector, undefined, () => {
      trap(name, vector);
      if (chained !== undefined) asm.int(chained);
      asm.iret();
    });

  asm.org(BODY_START).label('trap').outAl(BIOS_TRAP_PORT).ret();

  // Reset. Caches on (they were off, by CR0.CD and CR0.NW), and a limit for the table of vectors, as firmware leaves both;
  // the stack before anything else, because every trap uses it.
  const vectorTable = asm.position;
  asm.emit(...VECTOR_TABLE_REGISTER);
  asm.label('post').cli().cld();
  asm.emit(0x0f, 0x20, 0xc0); // mov eax, cr0
  asm.emit(0x66, 0x25, 0xff, 0xff, 0xff, 0x9f); // and eax, ~(CD | NW)
  asm.emit(0x0f, 0x22, 0xc0); // mov cr0, eax
  asm.emit(0x2e, 0x0f, 0x01, 0x1e, vectorTable & 0xff, vectorTable >> 8); // lidt cs:[vectorTable]
  asm.clearAx().movSegmentAx(SS).movSp(POST_SP).movSegmentAx(DS).movSegmentAx(ES);
  trap('post', 0x19);
  asm.label('post.done').sti().int(0x19);
  asm.label('post.halt').sti().hlt().label('post.spin').cli();
  trap('post', 0x19, true);
  asm.jmp('post.done');

  // INT 19h never returns, so it may set the segments; the host writes the frame that IRET takes into the boot sector.
  stub(0x19, CUSTOMARY_ENTRY.boot, () => {
    asm.cli().cld().clearAx().movSegmentAx(SS).movSp(BOOT_SP);
    for (const register of [DS, ES, FS, GS]) asm.movSegmentAx(register);
    trap('boot', 0x19);
    asm.iret().label('boot.failed').int(0x18).jmp('int19h');
  });
  stub(0x18, undefined, () => {
    trap('bootFailed', 0x18);
    asm.clearAx().int(0x16).int(0x19);
  });

  // Hardware interrupts.
  stub(0x08, CUSTOMARY_ENTRY.timerIrq, () => {
    trap('tick', 0x08);
    asm.pushAx().pushDx().int(0x1c).popDx().popAx();
    trap('endOfInterrupt', 0x08);
    asm.iret();
  });
  stub(0x09, CUSTOMARY_ENTRY.keyboardIrq, () => emitKeyboardInterrupt(asm, trap));
  stub(0x70, undefined, () => {
    trap('rtcInterrupt', 0x70);
    asm.label('rtcIrq.done');
    trap('endOfInterrupt', 0x70);
    asm.iret().label('rtcIrq.alarm').int(0x4a).jmp('rtcIrq.done');
  });
  stub(0x0e, CUSTOMARY_ENTRY.floppyIrq, () => {
    trap('floppyInterrupt', 0x0e);
    asm.iret();
  });
  stub(0x71, undefined, () => {
    trap('endOfInterrupt', 0x71);
    asm.int(0x0a).iret();
  });
  interrupt(0x74, 'mouseInterrupt');
  interrupt(0x75, 'fpuInterrupt', 0x02);
  interrupt(0x76, 'ataInterrupt');
  interrupt(0x77, 'ataInterrupt');
  for (const vector of UNEXPECTED_VECTORS) interrupt(vector, 'unexpected');

  // Services.
  service(0x10, CUSTOMARY_ENTRY.video, 'video');
  service(0x11, CUSTOMARY_ENTRY.equipment, 'equipment');
  service(0x12, CUSTOMARY_ENTRY.memorySize, 'memorySize');
  service(0x13, CUSTOMARY_ENTRY.hardDisk, 'disk');
  waitingService(0x14, CUSTOMARY_ENTRY.serial, 'serial', false);
  waitingService(0x15, CUSTOMARY_ENTRY.system, 'system', false);
  waitingService(0x16, CUSTOMARY_ENTRY.keyboard, 'keyboard', true);
  service(0x17, CUSTOMARY_ENTRY.printer, 'printer');
  waitingService(0x1a, CUSTOMARY_ENTRY.clock, 'clock', true);
  asm.org(CUSTOMARY_ENTRY.floppy).jmp('int13h');
  vectors.set(0x40, CUSTOMARY_ENTRY.floppy);
  vectors.set(0x42, CUSTOMARY_ENTRY.video);

  asm.org(CUSTOMARY_ENTRY.post).jmp('post');
  asm.org(CUSTOMARY_ENTRY.nmi).iret();
  vectors.set(0x02, CUSTOMARY_ENTRY.nmi);
  asm.org(CUSTOMARY_ENTRY.dummy).iret();
  asm.org(CUSTOMARY_ENTRY.printScreen).iret();
  vectors.set(0x05, CUSTOMARY_ENTRY.printScreen);
  asm.org(CUSTOMARY_ENTRY.reset).jmpFar(0xf000, CUSTOMARY_ENTRY.post);
  return { entries, vectors };
}

/** INT 09h: scan code to AL, the intercept of INT 15h AH=4Fh, translation, end of interrupt. */
function emitKeyboardInterrupt(
  asm: RomAssembler,
  trap: (service: ServiceName, vector: number, isRetry: boolean, pushedBytes: number) => void,
): void {
  asm.pushAx();
  trap('keyRead', 0x09, false, 2);
  asm.movAh(0x4f).stc().int(0x15).jnc('keyIrq.done');
  trap('keyProcess', 0x09, false, 2);
  asm.label('keyIrq.done');
  trap('endOfInterrupt', 0x09, false, 2);
  asm.label('keyIrq.return').popAx().iret();
  asm.label('keyIrq.break').int(0x1b).jmp('keyIrq.done');
  asm.label('keyIrq.print').int(0x05).jmp('keyIrq.done');
  asm.label('keyIrq.sysReq').int(0x15).jmp('keyIrq.done');
  asm.label('keyIrq.reset').jmpFar(0xf000, CUSTOMARY_ENTRY.reset);
  asm.label('keyIrq.pause');
  trap('endOfInterrupt', 0x09, false, 2);
  asm.label('pause.wait').sti().hlt();
  trap('pauseCheck', 0x09, true, 2);
  asm.jmp('keyIrq.return');
}
