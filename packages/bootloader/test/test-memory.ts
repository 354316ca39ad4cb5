import { expect } from 'vitest';
import { applyPlan, type LoadPlan, sizeOf } from '../src/plan.ts';

/** Memory that a plan was applied to, after checking that the plan keeps to its promises. */
export class TestMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(plan: LoadPlan, ramSizeBytes: number) {
    // Garbage first, so that forgotten zeros show.
    this.bytes = new Uint8Array(ramSizeBytes).fill(0xcc);
    this.view = new DataView(this.bytes.buffer);
    let end = 0;
    for (const write of plan.writes) {
      expect(write.physicalAddress).toBeGreaterThanOrEqual(end);
      end = write.physicalAddress + sizeOf(write);
    }
    expect(end).toBeLessThanOrEqual(ramSizeBytes);
    applyPlan(plan, {
      write: (physicalAddress, bytes) => this.bytes.set(bytes, physicalAddress),
      fill: (physicalAddress, size, value) => this.bytes.fill(value, physicalAddress, physicalAddress + size),
    });
  }

  u32(address: number): number {
    return this.view.getUint32(address, true);
  }

  u64(address: number): bigint {
    return this.view.getBigUint64(address, true);
  }

  /** The string at an address. */
  text(address: number): string {
    return new TextDecoder().decode(this.bytes.subarray(address, this.bytes.indexOf(0, address)));
  }
}
