/**
 * RDPKRU and WRPKRU: what the protection keys of user pages permit.
 *
 * @source SDM Vol. 2B "RDPKRU", SDM Vol. 2D "WRPKRU"; SDM Vol. 3A "Protection Keys"
 */
import { CR4_PKE } from '../../state/control-registers.ts';
import { CR4, PKRU } from '../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type SystemCpu, type SystemOperation } from './context.ts';
import { generalProtection, hex, undefinedOpcode } from './fault.ts';
import { serialize } from './processor-mode.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;

/** #UD without CR4.PKE, #GP(0) where a register that must be 0 is not. @returns whether the instruction may go on */
function mayAccess(cpu: SystemCpu, mnemonic: string, zeroes: readonly (readonly [number, string])[]): boolean {
  if ((cpu.state.field(CR4) & CR4_PKE) === 0) {
    undefinedOpcode(cpu, `${mnemonic} with CR4.PKE clear`);
    return false;
  }
  for (const [register, name] of zeroes) {
    const value = cpu.state.gpr32(register);
    if (value === 0) continue;
    generalProtection(cpu, `${mnemonic} with ${hex(value)} in ${name}, which must be 0`);
    return false;
  }
  return true;
}

/** Loads PKRU; translations that were cached under another value go. */
export function writePkru(cpu: SystemCpu, value: number): void {
  const { state } = cpu;
  if (state.field(PKRU) === value) return;
  state.setField(PKRU, value);
  if ((state.field(CR4) & CR4_PKE) !== 0) cpu.pagingChanged({ keepGlobal: false });
}

export const RDPKRU: SystemOperation = (cpu) => {
  if (!mayAccess(cpu, 'RDPKRU', [[RCX, 'ECX']])) return OUTCOME_FAULT;
  cpu.state.writeGprNumber(RAX, 32, cpu.state.field(PKRU));
  cpu.state.writeGprNumber(RDX, 32, 0);
  return OUTCOME_NEXT;
};

export const WRPKRU: SystemOperation = (cpu) => {
  const zeroes = [
    [RCX, 'ECX'],
    [RDX, 'EDX'],
  ] as const;
  if (!mayAccess(cpu, 'WRPKRU', zeroes)) return OUTCOME_FAULT;
  writePkru(cpu, cpu.state.gpr32(RAX));
  return serialize(cpu);
};
