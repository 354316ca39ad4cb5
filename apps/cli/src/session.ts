/** One run of a machine: slices of time between which the host gets its turn, until the guest or a limit ends it. */
import { type ImagePlan, type Outcome, type Pc, restartImage } from '@longmode/pc';
import { hostTimeMs } from './host-time.ts';

/** What ends or paces a run. Limits that are not given do not exist. */
export interface SessionLimits {
  readonly instructions?: number;
  /** Virtual time in nanoseconds. */
  readonly virtualTimeNs?: number;
  /** Wall time in milliseconds. */
  readonly wallTimeMs?: number;
}

/** Something to do when so many instructions have retired, all boots together. */
export interface Milestone {
  readonly instructions: number;
  readonly reach: () => void;
}

/** What a session is made of. */
export interface SessionDependencies {
  readonly pc: Pc;
  readonly plan: ImagePlan;
  readonly limits: SessionLimits;
  /** Virtual time keeps to wall time instead of passing as fast as it can. */
  readonly isPaced: boolean;
  /** Whether a reset boots the image again. */
  readonly reboots: boolean;
  /** Whether input can still come: a guest that waits for it is not idle for ever. */
  readonly hasInput: () => boolean;
  /** Between two slices: hand over input, show output. A promise holds the run up. */
  readonly onSlice: () => void | Promise<void>;
  readonly onReboot: (count: number) => void;
  /** By rising number of instructions; the run pauses at exactly these. */
  readonly milestones?: readonly Milestone[];
}

/** How a session ended. */
export interface SessionResult {
  readonly outcome: Outcome;
  readonly reboots: number;
  /** Instructions of the boots before the last. */
  readonly instructionsBefore: number;
  /** Which limit ended it, that the guest does nothing but reset, or the script of keys; null for the outcome as it is. */
  readonly cause: 'instructions' | 'virtual-time' | 'wall-time' | 'boot-loop' | 'quit' | null;
  readonly wallTimeMs: number;
}

/** So many resets in a row, each within this virtual time of the one before, are a boot loop. */
export const BOOT_LOOP_RESETS = 5;
export const BOOT_LOOP_TIME_NS = 10e9;

/** Wall time of a slice that is aimed at: short enough for input and signals, long enough not to cost. */
const SLICE_PACED_MS = 8;
const SLICE_FREE_MS = 40;
const SLICE_INSTRUCTIONS_MIN = 10_000;
const SLICE_INSTRUCTIONS_MAX = 2 ** 30;
const SLICE_TIME_MIN_NS = 1e6;
const SLICE_TIME_MAX_NS = 10e9;
/** Virtual time that may lag behind wall time before it is given up. */
const LAG_MAX_MS = 100;
/** Pause while the guest has nothing to do. */
const IDLE_PAUSE_MS = 10;

/** Runs a machine until it ends or somebody stops it. */
export class Session {
  readonly #d: SessionDependencies;
  #isStopping = false;
  #instructionsBefore = 0;

  constructor(dependencies: SessionDependencies) {
    this.#d = dependencies;
  }

  /** Ends the run after the slice that runs. */
  stop(): void {
    this.#isStopping = true;
    this.#d.pc.requestStop();
  }

  /** Instructions of all boots. */
  get instructions(): number {
    return this.#instructionsBefore + this.#d.pc.cpu.instructionCount;
  }

  async run(): Promise<SessionResult> {
    const { pc, plan, limits, isPaced, reboots: mayReboot } = this.#d;
    const start = hostTimeMs();
    const target = isPaced ? SLICE_PACED_MS : SLICE_FREE_MS;
    const endTick = limits.virtualTimeNs ?? Number.POSITIVE_INFINITY;
    const endCount = limits.instructions ?? Number.POSITIVE_INFINITY;
    const milestones = [...(this.#d.milestones ?? [])];
    let instructions = 100_000;
    let sliceNs = 100e6;
    let reboots = 0;
    let quickResets = 0;
    let lastReset = 0;
    /** Wall time at which virtual time would have been 0. */
    let pacedFrom = start - pc.virtualTimeNs / 1e6;
    const result = (outcome: Outcome, cause: SessionResult['cause'] = null): SessionResult => {
      const wallTimeMs = hostTimeMs() - start;
      return { outcome, reboots, instructionsBefore: this.#instructionsBefore, cause, wallTimeMs };
    };

    for (;;) {
      const before = hostTimeMs();
      const tickBefore = pc.virtualTimeNs;
      let untilTick = tickBefore + sliceNs;
      if (isPaced) {
        if ((before - pacedFrom) * 1e6 - tickBefore > LAG_MAX_MS * 1e6)
          pacedFrom = before - tickBefore / 1e6 - LAG_MAX_MS;
        untilTick = Math.max(tickBefore + 1, (before - pacedFrom) * 1e6);
      }
      const outcome = pc.run({
        instructions: Math.min(
          instructions,
          endCount - this.instructions,
          (milestones[0]?.instructions ?? Number.POSITIVE_INFINITY) - this.instructions,
        ),
        untilTick: Math.round(Math.min(untilTick, endTick)),
      });
      while (milestones[0] !== undefined && this.instructions >= milestones[0].instructions)
        milestones.shift()?.reach();
      await this.#d.onSlice();
      if (this.#isStopping && (outcome.kind === 'limit' || outcome.kind === 'stopped'))
        return result({ kind: 'stopped' });
      if (outcome.kind === 'stopped' && pc.typist.hasQuit) return result(outcome, 'quit');

      if (outcome.kind === 'reset' && mayReboot) {
        quickResets = pc.virtualTimeNs - lastReset <= BOOT_LOOP_TIME_NS ? quickResets + 1 : 1;
        lastReset = pc.virtualTimeNs;
        if (quickResets >= BOOT_LOOP_RESETS) return result(outcome, 'boot-loop');
        reboots += 1;
        this.#instructionsBefore += pc.cpu.instructionCount;
        this.#d.onReboot(reboots);
        restartImage(pc, plan);
        continue;
      }
      if (outcome.kind === 'idle' && this.#d.hasInput()) {
        await pause(IDLE_PAUSE_MS);
        continue;
      }
      if (outcome.kind !== 'limit' && outcome.kind !== 'stopped') return result(outcome);

      if (this.instructions >= endCount) return result(outcome, 'instructions');
      if (pc.virtualTimeNs >= endTick) return result(outcome, 'virtual-time');
      const after = hostTimeMs();
      if (after - start >= (limits.wallTimeMs ?? Number.POSITIVE_INFINITY)) return result(outcome, 'wall-time');

      if (pc.waitsFor === 'input' && !this.#d.hasInput()) {
        return result({ kind: 'idle', rip: pc.cpu.state.rip });
      }
      const elapsed = after - before;
      if (elapsed > 2 * target) {
        instructions = Math.max(SLICE_INSTRUCTIONS_MIN, Math.floor(instructions / 2));
        sliceNs = Math.max(SLICE_TIME_MIN_NS, sliceNs / 2);
      } else if (elapsed < target / 2) {
        instructions = Math.min(SLICE_INSTRUCTIONS_MAX, instructions * 2);
        sliceNs = Math.min(SLICE_TIME_MAX_NS, sliceNs * 2);
      }
      const ahead = isPaced ? pc.virtualTimeNs / 1e6 - (hostTimeMs() - pacedFrom) : Number.NEGATIVE_INFINITY;
      await pause(isPaced && ahead >= -1 ? Math.max(1, Math.min(IDLE_PAUSE_MS, ahead)) : 0);
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (milliseconds === 0) setImmediate(resolve);
    else setTimeout(resolve, milliseconds);
  });
}
