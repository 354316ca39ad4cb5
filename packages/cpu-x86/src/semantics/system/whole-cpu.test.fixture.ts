/** The test world of `FakeCpu` on a real processor, for instructions that are written over the emitter. */
import { PAGING_4_LEVEL } from '@longmode/mmu';
import { PageTableBuilder } from '@longmode/mmu/testing';
import { Cpu } from '../../cpu.ts';
import { loadState, saveState } from '../../state/architectural-state.ts';
import { CR0_PG } from '../../state/control-registers.ts';
import { CR0, CR2, CR3 } from '../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type Outcome } from './context.ts';
import { FakeCpu } from './fake-cpu.test.fixture.ts';

const RAM_SIZE_BYTES = 0x20_0000;
/** Where the page tables are, behind all of the test world. */
const TABLES = 0x1c_0000;

/** Runs each instruction on a processor that begins in the fake one's state, and takes over what it came to. */
export class WholeCpu extends FakeCpu {
  override run(...bytes: number[]): Outcome {
    const { state } = this;
    const cpu = new Cpu({ ramSizeBytes: RAM_SIZE_BYTES });
    cpu.memory.write(0, this.bytes);
    cpu.memory.write(Number(state.rip), Uint8Array.from(bytes));
    let root = 0n;
    if ((state.field(CR0) & CR0_PG) !== 0) {
      const tables = new PageTableBuilder({
        memory: cpu.memory,
        mode: PAGING_4_LEVEL,
        tables: { start: TABLES, end: RAM_SIZE_BYTES },
      });
      for (let page = 0; page < TABLES >> 12; page++) {
        if (!this.absent.has(page)) tables.map(page << 12, page << 12, 0x1000, { user: state.cpl === 3 });
      }
      root = BigInt(tables.root);
    }
    loadState(cpu.state, saveState(state));
    cpu.state.setWideField(CR3, root);
    cpu.synchronize();
    cpu.run(1);
    const [fault] = cpu.exceptionLog.lastChain;
    if (fault !== undefined) {
      if (fault.vector === 14) state.setWideField(CR2, cpu.state.wideField(CR2));
      this.raised = { vector: fault.vector, errorCode: fault.errorCode ?? -1 };
      return OUTCOME_FAULT;
    }
    loadState(state, saveState(cpu.state));
    this.bytes.set(cpu.memory.read(0, this.bytes.length));
    return OUTCOME_NEXT;
  }
}
