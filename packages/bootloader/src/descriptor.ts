import type { SegmentState } from './plan.ts';

/** Present, DPL 0, 32-bit code, execute and read, 0 to 4 GiB. @source SDM Vol. 3A "Segment Descriptors" */
export const DESCRIPTOR_CODE_32 = 0x00cf9b000000ffffn;
/** Present, DPL 0, 64-bit code, execute and read. */
export const DESCRIPTOR_CODE_64 = 0x00af9b000000ffffn;
/** Present, DPL 0, data, read and write, 0 to 4 GiB. */
export const DESCRIPTOR_DATA = 0x00cf93000000ffffn;

/**
 * Builds the bytes of a descriptor table.
 *
 * @param descriptors 64 bits each; the first is the null descriptor
 * @returns eight bytes each
 */
export function descriptorTable(descriptors: readonly bigint[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * descriptors.length));
  descriptors.forEach((descriptor, index) => {
    view.setBigUint64(8 * index, descriptor, true);
  });
  return new Uint8Array(view.buffer);
}

/**
 * A segment register that was loaded with one of the descriptors above, all of which are flat.
 *
 * @param selector what was loaded
 * @param descriptor what it selects
 * @returns the register with its hidden part
 */
export function flatSegment(selector: number, descriptor: bigint): SegmentState {
  const attributes = Number((descriptor >> 40n) & 0xf0ffn);
  return { selector, base: 0n, limit: 0xffffffff, attributes };
}

/** A segment register that was loaded with the null selector. */
export const NULL_SEGMENT: SegmentState = { selector: 0, base: 0n, limit: 0, attributes: 0 };
