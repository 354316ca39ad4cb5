/** INT 15h AX=E820h: the address map, one range a call. */
import type { ServiceCall } from '../call.ts';
import { type Firmware, functionNotSupported } from '../firmware.ts';

/** "SMAP". */
const SIGNATURE = 0x534d4150;
const RANGE_SIZE_BYTES = 20;
/** With the extended attributes of ACPI 3.0. */
const EXTENDED_RANGE_SIZE_BYTES = 24;
/** Extended attribute bit 0: the range is not to be ignored. */
const ATTRIBUTE_VALID = 1;
const TWO_32 = 0x1_0000_0000;

/**
 * EBX is the number of the range, 0 to begin with, and on return that of the next one or 0 after the last.
 *
 * @source ACPI Specification "INT 15H, E820H - Query System Address Map"
 */
export function addressMap(firmware: Firmware, call: ServiceCall): undefined {
  const { cpu } = call;
  const map = firmware.memoryMap;
  const index = cpu.ebx >>> 0;
  const range = map[index];
  if (cpu.edx >>> 0 !== SIGNATURE || cpu.ecx >>> 0 < RANGE_SIZE_BYTES || range === undefined) {
    return functionNotSupported(firmware, call);
  }
  const size = cpu.ecx >>> 0 >= EXTENDED_RANGE_SIZE_BYTES ? EXTENDED_RANGE_SIZE_BYTES : RANGE_SIZE_BYTES;
  const entry = new DataView(new ArrayBuffer(size));
  for (const [offset, value] of [
    [0, range.base],
    [8, range.length],
  ] as const) {
    entry.setUint32(offset, value % TWO_32, true);
    entry.setUint32(offset + 4, Math.trunc(value / TWO_32), true);
  }
  entry.setUint32(16, range.type, true);
  if (size === EXTENDED_RANGE_SIZE_BYTES) entry.setUint32(20, ATTRIBUTE_VALID, true);
  firmware.memory.writeBytes(call.address('es', call.di), new Uint8Array(entry.buffer));
  cpu.eax = SIGNATURE;
  cpu.ebx = index + 1 < map.length ? index + 1 : 0;
  cpu.ecx = size;
  call.carry = false;
}
