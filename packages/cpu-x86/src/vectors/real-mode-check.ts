import type { Cpu } from '../cpu.ts';
import { cleanUpRealModeCase, type RealModeCase, runRealModeCase, setUpRealModeCase } from './real-mode-case.ts';
import { REAL_MODE_EXCLUSIONS } from './real-mode-exclusions.ts';

/** What came of a number of cases. */
export interface RealModeReport {
  /** Cases that were compared as recorded. */
  readonly compared: number;
  /** Cases by the exclusion that they fall under, in the order of `REAL_MODE_EXCLUSIONS`. */
  readonly excluded: readonly number[];
  /** Cases that differ, in words. */
  readonly mismatches: readonly string[];
}

/**
 * Runs recorded cases of one form.
 *
 * @param cpu with at least 1114096 bytes of RAM, zero but for what earlier cases left
 * @param flagsMask the flags that the form defines
 */
export function checkRealModeCases(
  cpu: Cpu,
  form: string,
  flagsMask: number,
  cases: readonly RealModeCase[],
): RealModeReport {
  const excluded = REAL_MODE_EXCLUSIONS.map(() => 0);
  const mismatches: string[] = [];
  let compared = 0;
  for (const test of cases) {
    const index = REAL_MODE_EXCLUSIONS.findIndex((exclusion) => exclusion.matches(test, form));
    const exclusion = REAL_MODE_EXCLUSIONS[index];
    let differences: string[] = [];
    setUpRealModeCase(cpu, test);
    if (exclusion === undefined) {
      compared++;
      differences = runRealModeCase(cpu, test, { flagsMask, ignored: [] });
    } else {
      excluded[index] = (excluded[index] as number) + 1;
      if (exclusion.vector !== undefined) differences = expectException(cpu, test, exclusion.vector);
      else if (exclusion.ignored) differences = runRealModeCase(cpu, test, { flagsMask, ignored: exclusion.ignored });
    }
    cleanUpRealModeCase(cpu, test);
    if (differences.length > 0) {
      const exception = test.exception ? ` (exception ${test.exception.number})` : '';
      mismatches.push(`${form} #${test.idx} [${test.bytes}]${exception}: ${differences.join('; ')}`);
    }
  }
  return { compared, excluded, mismatches };
}

/** Runs the instruction alone, which must raise the exception and be its return address. */
function expectException(cpu: Cpu, test: RealModeCase, vector: number): string[] {
  const { cs = 0, ip = 0, ss = 0, sp = 0 } = test.initial.regs;
  const frame = [sp - 6, sp - 4].map((pointer) => (ss << 4) + (pointer & 0xffff));
  const saved = frame.flatMap((address) => [address, address + 1]).map((address) => cpu.memory.read8(address));
  cpu.exceptionLog.clear();
  cpu.run(1);
  const found = cpu.exceptionLog.entries.map((entry) => entry.vector);
  const [savedIp, savedCs] = frame.map((address) => cpu.memory.read16(address));
  frame
    .flatMap((address) => [address, address + 1])
    .forEach((address, i) => {
      cpu.memory.write8(address, saved[i] as number);
    });
  if (found.length === 1 && found[0] === vector && savedIp === ip && savedCs === cs) return [];
  return [`raises [${found}] with return address ${savedCs?.toString(16)}:${savedIp?.toString(16)}, not ${vector}`];
}
