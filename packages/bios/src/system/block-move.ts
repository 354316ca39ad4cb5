/** INT 15h AH=87h: copies words between any addresses below 4 GiB. */
import type { ServiceCall } from '../call.ts';
import { isA20Enabled, setA20 } from '../chipset.ts';
import type { Firmware } from '../firmware.ts';
import type { FirmwareMemory } from '../host.ts';

/** Offsets in the table at ES:SI of the source's and the target's descriptor. */
const SOURCE_DESCRIPTOR = 0x10;
const TARGET_DESCRIPTOR = 0x18;
const MAX_WORDS = 0x8000;
const STATUS_OK = 0x00;
const STATUS_BAD_COUNT = 0x02;

/**
 * CX words from the segment at ES:SI+10h to the one at ES:SI+18h; only the bases of the descriptors count. The A20 gate is
 * open during the move and afterwards as it was.
 *
 * @source IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 15h", AH=87h
 */
export function moveBlock(firmware: Firmware, call: ServiceCall): undefined {
  const { memory, ports } = firmware;
  const words = call.cx;
  if (words > MAX_WORDS) {
    call.ah = STATUS_BAD_COUNT;
    call.carry = true;
    return;
  }
  const table = call.address('es', call.si);
  const source = descriptorBase(memory, table + SOURCE_DESCRIPTOR);
  const target = descriptorBase(memory, table + TARGET_DESCRIPTOR);
  const wasEnabled = isA20Enabled(ports);
  if (!wasEnabled) setA20(ports, true);
  copyAscending(memory, source, target, words * 2);
  if (!wasEnabled) setA20(ports, false);
  call.ah = STATUS_OK;
  call.carry = false;
}

function descriptorBase(memory: FirmwareMemory, address: number): number {
  return ((memory.read32(address + 2) & 0x00ff_ffff) | (memory.read8(address + 7) << 24)) >>> 0;
}

/** Copies as REP MOVSW does: when the target begins inside of the source, the beginning repeats. */
function copyAscending(memory: FirmwareMemory, source: number, target: number, size: number): void {
  const distance = target - source;
  if (distance <= 0 || distance >= size) {
    memory.writeBytes(target, memory.readBytes(source, size));
    return;
  }
  for (let offset = 0; offset < size; offset += 2) {
    memory.write16((target + offset) >>> 0, memory.read16((source + offset) >>> 0));
  }
}
