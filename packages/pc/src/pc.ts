import { type AttachedDisks, type FirmwareDisk, ROM_BASE } from '@longmode/bios';
import { applyPlan, type LoadPlan, type VideoMode } from '@longmode/bootloader';
import { initializeKeyboard } from '@longmode/kbc-8042';
import { Board } from './board.ts';
import { enterKernel, setLinearMode } from './boot-plan.ts';
import type { PcConfig } from './config.ts';
import type { Outcome } from './outcome.ts';
import {
  checkPcState,
  loadMemory,
  PC_STATE_VERSION,
  type PcState,
  restoreDisks,
  savableDisks,
  saveMemory,
} from './snapshot.ts';
import { isWaiting, type WakeSource, wakeSourceOf } from './wake.ts';

/** A cycle of the ISA bus for 8 bits at a port takes six clocks of 8.33 MHz; with recovery it is about a microsecond. */
const PORT_ACCESS_DEFAULT_TICKS = 1000;
/** Time that a slice leaves for accesses to ports at most. */
const SLACK_MAX_TICKS = 10_000_000;
/** In the place of a floppy that is not there. */
const NO_DISK: FirmwareDisk = { sectorSizeBytes: 512, sectorCount: 0, read: () => new Uint8Array() };

/**
 * A PC: a board, and the loop that lets time pass for all its parts. Deterministic: virtual time comes from retired
 * instructions, and input arrives only between calls of `run`.
 */
export class Pc extends Board {
  readonly #portAccessTicks: number;
  /** Virtual time that did not come from instructions since the last reset of the CPU: halts, and time before. */
  #idleTicks = 0;
  #sliceEnd = Number.POSITIVE_INFINITY;
  /** How much time accesses to ports may still take before the slice comes to its deadline too late. */
  #sliceSlack = 0;
  #hasUsedPorts = false;
  #exitValue: number | undefined;
  #resetRequested = false;
  #powerOffRequested = false;
  #stopRequested = false;

  /** @throws RangeError for a RAM or a firmware ROM of a size outside its limits; `BiosError`, `MachineError` for parts that do not fit together */
  constructor(config: PcConfig = {}) {
    super(config);
    this.#portAccessTicks = config.portAccessNanoseconds ?? PORT_ACCESS_DEFAULT_TICKS;
    this.reset();
    if (config.typing !== undefined) this.typist.type(config.typing);
  }

  /** The reset line: every part in its reset state, the processor at the firmware's reset vector. RAM keeps its contents. */
  reset(): void {
    this.#idleTicks = this.clock.now;
    this.machine.reset();
    this.interrupts.enterVirtualWireMode();
    this.cpu.reset();
    this.interruptHistory.clear();
    const { memory } = this.cpu;
    memory.bytes.fill(0xff, memory.hostOfPage(0xc0), memory.hostOfPage(0xf0));
    const { address, bytes } = this.firmwareRom?.shadow ?? { address: ROM_BASE, bytes: this.bios.rom };
    memory.loadRom(address, bytes);
    this.cpu.isA20Enabled = true;
    this.cpu.synchronize();
    this.#exitValue = undefined;
    this.#resetRequested = false;
    this.#powerOffRequested = false;
  }

  /** Boots a kernel without the firmware's boot path: power-on self test on the host, then the plan of a boot protocol. */
  boot(plan: LoadPlan): void {
    this.reset();
    this.bios.post();
    // No time has passed, so the keyboard's answers to the self-test have not come: they would, with nobody to read them,
    // and a kernel that sets up its interrupt controllers anew would wait for the edge of IRQ 1 for ever.
    this.keyboard.reset();
    initializeKeyboard(this.keyboard);
    this.cpu.isA20Enabled = true;
    applyPlan(plan, {
      write: (at, bytes) => this.cpu.memory.write(at, bytes),
      fill: (at, size, value) => this.cpu.memory.fill(at, size, value),
    });
    if (plan.videoMode !== undefined) this.#setVideoMode(plan.videoMode);
    enterKernel(this.cpu, plan.entry);
  }

  #setVideoMode(mode: VideoMode): void {
    if ('biosMode' in mode) this.bios.setVideoMode(mode.biosMode);
    else setLinearMode(this.vga, mode);
  }

  /**
   * Changes the disk in a floppy drive; firmware and controller tell the guest so. A snapshot has what was written to the
   * disk, if the disk can tell, but not which disk it is.
   *
   * @param drive one of those in `disks.floppies`
   * @param disk `null` to take it out
   * @throws FloppyError for a drive that is not there
   */
  insertFloppy(drive: number, disk: FirmwareDisk | null): void {
    this.floppy.insert(drive, disk);
    this.trays[drive]?.change(disk);
  }

  /** The disks as they are now. */
  get #disks(): AttachedDisks {
    return { ...this.config.disks, floppies: this.trays.map((tray) => tray.disk ?? NO_DISK) };
  }

  /** Virtual time in nanoseconds. */
  get virtualTimeNs(): number {
    return this.clock.now;
  }

  /** What the processor waits for in HLT; undefined while it executes instructions. */
  get waitsFor(): WakeSource | undefined {
    return isWaiting(this) ? wakeSourceOf(this) : undefined;
  }

  /** Makes `run` return soon, with the outcome `stopped`. */
  requestStop(): void {
    this.#stopRequested = true;
    this.cpu.requestStop();
  }

  /**
   * Runs until something ends the run or a limit is reached.
   *
   * @param limits `instructions`: how many more may retire; `untilTick`: virtual time in nanoseconds at which to return
   * @throws RangeError for an `untilTick` that is no integer (infinity is no limit)
   */
  run(limits: { readonly instructions?: number; readonly untilTick?: number } = {}): Outcome {
    const { cpu, clock } = this;
    const untilTick = limits.untilTick ?? Number.POSITIVE_INFINITY;
    if (!Number.isInteger(untilTick) && untilTick !== Number.POSITIVE_INFINITY) {
      throw new RangeError(`untilTick is ${untilTick}: give a whole number of nanoseconds`);
    }
    this.typist.resume();
    let untilCount = cpu.instructionCount + (limits.instructions ?? Number.POSITIVE_INFINITY);
    for (;;) {
      this.synchronizeClock();
      if (this.#exitValue !== undefined) {
        const value = this.#exitValue;
        this.#exitValue = undefined;
        return { kind: 'debug-exit', value };
      }
      if (this.#powerOffRequested) {
        this.#powerOffRequested = false;
        return { kind: 'power-off' };
      }
      if (this.#stopRequested) {
        this.#stopRequested = false;
        return { kind: 'stopped' };
      }
      if (this.#resetRequested) {
        this.#resetRequested = false;
        if (this.config.onReset !== 'reboot') return { kind: 'reset' };
        untilCount -= cpu.instructionCount; // the count begins anew
        this.reset();
      }
      if (cpu.instructionCount >= untilCount || clock.now >= untilTick) return { kind: 'limit' };
      const deadline = Math.min(clock.nextDeadline ?? Number.POSITIVE_INFINITY, untilTick);
      const ticks = Math.max(0, deadline - clock.now);
      // Accesses to ports bring the deadline nearer. A guest that makes them gets half the way at a time, so that it is not
      // stopped at each of them.
      const time = this.#hasUsedPorts ? Math.max(ticks / 2, ticks - SLACK_MAX_TICKS) : ticks;
      const slice = Math.min(
        untilCount - cpu.instructionCount,
        Math.max(1, Math.ceil(time / this.nanosecondsPerInstruction)),
      );
      this.#hasUsedPorts = false;
      this.#sliceSlack = ticks === Number.POSITIVE_INFINITY ? ticks : ticks - slice * this.nanosecondsPerInstruction;
      this.#sliceEnd = deadline;
      const reason = cpu.run(slice);
      this.#sliceEnd = Number.POSITIVE_INFINITY;
      if (reason === 'shutdown') {
        this.synchronizeClock();
        return { kind: 'triple-fault', chain: cpu.exceptionLog.lastChain };
      }
      if (reason === 'halted') {
        this.synchronizeClock();
        if (this.#exitValue !== undefined || this.#isAskedToEnd) continue;
        const rip = cpu.state.rip;
        const source = wakeSourceOf(this);
        if (source === 'nothing') return { kind: 'halted', rip };
        const wake = source === 'time' ? clock.nextDeadline : null;
        if (wake === null && untilTick === Number.POSITIVE_INFINITY) return { kind: 'idle', rip };
        // Nothing happens until the next alarm: time jumps there.
        const idle = Math.max(0, Math.min(wake ?? untilTick, untilTick) - clock.now);
        this.#idleTicks += idle;
        cpu.passIdleTime(idle);
      }
    }
  }

  /**
   * A copy of the whole machine between two runs: plain data that survives `structuredClone`. Disks are in it as far as
   * they can tell what was written to them, as `OverlayDisk` does.
   */
  snapshot(): PcState {
    this.synchronizeClock();
    const disks = [...savableDisks(this.#disks)].map(([drive, disk]) => [drive, disk.snapshot()]);
    return {
      format: 'longmode-pc',
      version: PC_STATE_VERSION,
      ramSizeBytes: this.ramSizeBytes,
      nanosecondsPerInstruction: this.nanosecondsPerInstruction,
      idleTicks: this.#idleTicks,
      isA20Enabled: this.cpu.memory.isA20Enabled,
      cpu: this.cpu.snapshot(),
      machine: this.machine.snapshot(),
      memory: saveMemory(this.cpu.memory),
      disks: Object.fromEntries(disks),
    };
  }

  /**
   * Takes a snapshot of a PC that was configured alike, and goes on from there as that one did. The log of exceptions is
   * empty afterwards.
   *
   * @param state what {@link snapshot} returned, possibly through a file
   * @throws {MachineError} `bad-snapshot`, with the machine as it was; what a disk throws when it refuses its part
   */
  restore(state: unknown): void {
    checkPcState(state, {
      ramSizeBytes: this.ramSizeBytes,
      nanosecondsPerInstruction: this.nanosecondsPerInstruction,
    });
    const before = this.machine.snapshot();
    this.machine.restore(state.machine);
    try {
      restoreDisks(savableDisks(this.#disks), state.disks);
    } catch (cause) {
      this.machine.restore(before);
      throw cause;
    }
    this.#idleTicks = state.idleTicks;
    this.#exitValue = undefined;
    this.#resetRequested = false;
    this.#powerOffRequested = false;
    this.#stopRequested = false;
    loadMemory(this.cpu.memory, state.memory);
    this.cpu.isA20Enabled = state.isA20Enabled;
    this.cpu.restore(state.cpu);
    this.cpu.setInterruptLine(this.localApic.isRequesting);
    this.cpu.exceptionLog.clear();
    this.interruptHistory.clear();
  }

  protected readPort(port: number, width: 8 | 16 | 32): number {
    this.synchronizeClock();
    const value = this.ports.read(port, width);
    this.#spendPortAccess();
    this.checkDeadline();
    return value;
  }
  protected writePort(port: number, width: 8 | 16 | 32, value: number): void {
    this.synchronizeClock();
    this.ports.write(port, width, value);
    this.#spendPortAccess();
    this.checkDeadline();
  }
  /** The bus takes its time, and the processor waits. */
  #spendPortAccess(): void {
    const ticks = this.#portAccessTicks;
    this.#idleTicks += ticks;
    this.cpu.passIdleTime(ticks);
    this.#hasUsedPorts = true;
    this.#sliceSlack -= ticks;
    if (this.#sliceSlack < 0) this.cpu.requestStop();
  }

  /** Brings virtual time up to the instruction that executes. */
  protected synchronizeClock(): void {
    const now = this.#idleTicks + this.cpu.instructionCount * this.nanosecondsPerInstruction;
    if (now > this.clock.now) this.clock.advanceTo(now);
  }
  /** A part has scheduled something before the end of the slice: the slice ends here. */
  protected checkDeadline(): void {
    if ((this.clock.nextDeadline ?? Number.POSITIVE_INFINITY) < this.#sliceEnd) this.cpu.requestStop();
  }

  get #isAskedToEnd(): boolean {
    return this.#resetRequested || this.#powerOffRequested || this.#stopRequested;
  }
  protected requestPowerOff(): void {
    this.#powerOffRequested = true;
    this.cpu.requestStop();
  }
  protected requestReset(): void {
    this.#resetRequested = true;
    this.cpu.requestStop();
  }
  protected requestExit(value: number): void {
    this.#exitValue ??= value;
    this.cpu.requestStop();
  }
}
