/**
 * INT 15h: memory sizes, the A20 gate, block moves, waiting, and the hooks of other services.
 *
 * **Not emulated**: APM (AH=53h), joystick (84h), switch to protected mode (89h), pointing device (C2h), EISA (D8h).
 *
 * @source IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 15h"; RBIL INT 15
 */
import type { ServiceCall } from '../call.ts';
import { isA20Enabled, setA20 } from '../chipset.ts';
import { type Firmware, functionNotSupported } from '../firmware.ts';
import { EBDA_BASE, usableBytesFrom } from '../memory-map.ts';
import { ROM_SEGMENT, ROM_TABLE } from '../rom/image.ts';
import type { Continuation } from '../rom/stubs.ts';
import { addressMap } from './address-map.ts';
import { moveBlock } from './block-move.ts';
import { eventWait, wait } from './wait.ts';

const KIB = 1024;
const MIB = KIB * KIB;
/** AH=88h reports no more than this: programs of its time overflow above 64 MiB. */
const MAX_EXTENDED_KIB = 63 * KIB;
const A20_BY_KEYBOARD_CONTROLLER_AND_PORT_92H = 0x0003;

/** INT 15h. */
export function system(firmware: Firmware, call: ServiceCall): Continuation | undefined {
  switch (call.ah) {
    case 0x24:
      return gateA20(firmware, call);
    case 0x4f: // keyboard intercept: AL is to be processed as it is
      call.carry = true;
      return;
    case 0x52: // media eject
    case 0x85: // system request key
      call.ah = 0;
      call.carry = false;
      return;
    case 0x83:
      return eventWait(firmware, call);
    case 0x86:
      return wait(firmware, call);
    case 0x87:
      return moveBlock(firmware, call);
    case 0x88:
      call.ax = Math.min(Math.trunc(usableBytesFrom(firmware.memoryMap, MIB) / KIB), MAX_EXTENDED_KIB);
      call.carry = false;
      return;
    case 0x90: // device busy
    case 0x91: // device ready
      call.carry = false;
      return;
    case 0xc0:
      call.cpu.es = ROM_SEGMENT;
      call.bx = ROM_TABLE.configuration;
      call.ah = 0;
      call.carry = false;
      return;
    case 0xc1:
      call.cpu.es = EBDA_BASE >> 4;
      call.carry = false;
      return;
    case 0xe8:
      return memorySizes(firmware, call);
    case 0xec: // AL=00h: the operating mode that the guest intends to use
      if (call.al !== 0) return functionNotSupported(firmware, call);
      call.ah = 0;
      call.carry = false;
      return;
    default:
      return functionNotSupported(firmware, call);
  }
}

function gateA20(firmware: Firmware, call: ServiceCall): undefined {
  const { ports } = firmware;
  switch (call.al) {
    case 0x00:
    case 0x01:
      setA20(ports, call.al === 1);
      break;
    case 0x02:
      call.al = isA20Enabled(ports) ? 1 : 0;
      break;
    case 0x03:
      call.bx = A20_BY_KEYBOARD_CONTROLLER_AND_PORT_92H;
      break;
    default:
      return functionNotSupported(firmware, call);
  }
  call.ah = 0;
  call.carry = false;
}

/** AH=E8h: AL=01h in 16 bits, 81h in 32 bits, 20h the address map. */
function memorySizes(firmware: Firmware, call: ServiceCall): undefined {
  if (call.al === 0x20) return addressMap(firmware, call);
  if (call.al !== 0x01 && call.al !== 0x81) return functionNotSupported(firmware, call);
  const { cpu } = call;
  const extended = usableBytesFrom(firmware.memoryMap, MIB);
  const kibBelow16M = Math.trunc(Math.min(extended, 15 * MIB) / KIB);
  const blocksAbove16M = Math.trunc(Math.max(0, extended - 15 * MIB) / (64 * KIB));
  if (call.al === 0x01) {
    call.ax = kibBelow16M;
    call.cx = kibBelow16M;
    call.bx = blocksAbove16M;
    call.dx = blocksAbove16M;
  } else {
    cpu.eax = kibBelow16M;
    cpu.ecx = kibBelow16M;
    cpu.ebx = blocksAbove16M;
    cpu.edx = blocksAbove16M;
  }
  call.carry = false;
}
