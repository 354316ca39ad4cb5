/** Hardware interrupts without a service of their own, vectors that nobody took over, and INT 11h and 12h. */
import { BDA_BASE_MEMORY_KIB, BDA_EQUIPMENT, BDA_FLOPPY_RECALIBRATE, BDA_HARD_DISK_INTERRUPT } from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import { endOfInterrupt, endOfSlaveInterrupt, interruptsInService } from '../chipset.ts';
import type { Firmware } from '../firmware.ts';
import { PORT_ATA1_STATUS, PORT_ATA2_STATUS, PORT_FPU_CLEAR, PORT_KBC_COMMAND, PORT_KBC_DATA } from '../ports.ts';

const FLOPPY_INTERRUPT_SEEN = 0x80;
const HARD_DISK_INTERRUPT_SEEN = 0xff;
/** Status of the keyboard controller: the output buffer holds a byte of the mouse. */
const STATUS_MOUSE_BYTE = 0x21;
const FIRST_MASTER_VECTOR = 0x08;
const FIRST_SLAVE_VECTOR = 0x70;

/** Last trap of the timer, keyboard and real-time clock interrupts; INT 71h ends on the slave and goes on as INT 0Ah. */
export function endOfServedInterrupt({ ports }: Firmware, call: ServiceCall): undefined {
  if (call.vector === 0x71) endOfSlaveInterrupt(ports);
  else endOfInterrupt(ports, call.vector >= FIRST_SLAVE_VECTOR);
}

/** INT 0Eh, IRQ 6 (or a page fault, which real mode does not have). */
export function floppyInterrupt({ memory, ports }: Firmware): undefined {
  memory.write8(BDA_FLOPPY_RECALIBRATE, memory.read8(BDA_FLOPPY_RECALIBRATE) | FLOPPY_INTERRUPT_SEEN);
  endOfInterrupt(ports, false);
}

/** INT 74h, IRQ 12: throws the mouse's byte away so that the keyboard is not blocked behind it. */
export function mouseInterrupt({ ports }: Firmware): undefined {
  const status = ports.readPort(PORT_KBC_COMMAND, 8);
  if ((status & STATUS_MOUSE_BYTE) === STATUS_MOUSE_BYTE) ports.readPort(PORT_KBC_DATA, 8);
  endOfInterrupt(ports, true);
}

/** INT 75h, IRQ 13: clears the busy latch; the stub goes on as INT 02h, where programs look for coprocessor errors. */
export function fpuInterrupt({ ports }: Firmware): undefined {
  ports.writePort(PORT_FPU_CLEAR, 8, 0);
  endOfInterrupt(ports, true);
}

/** INT 76h and 77h, IRQ 14 and 15: reading the status takes the request away. */
export function ataInterrupt({ memory, ports }: Firmware, call: ServiceCall): undefined {
  ports.readPort(call.vector === 0x76 ? PORT_ATA1_STATUS : PORT_ATA2_STATUS, 8);
  memory.write8(BDA_HARD_DISK_INTERRUPT, HARD_DISK_INTERRUPT_SEEN);
  endOfInterrupt(ports, true);
}

/**
 * A vector that nobody took over: a hardware interrupt is ended if it is in service (a spurious one is not); anything else is
 * an exception or a software interrupt, and is reported.
 */
export function unexpectedInterrupt(firmware: Firmware, call: ServiceCall): undefined {
  const { vector } = call;
  const isSlave = vector >= FIRST_SLAVE_VECTOR;
  const line = isSlave ? vector - FIRST_SLAVE_VECTOR + 8 : vector - FIRST_MASTER_VECTOR;
  if (line >= 0) {
    const inService = interruptsInService(firmware.ports);
    if ((inService & (1 << line)) !== 0) {
      endOfInterrupt(firmware.ports, isSlave);
      return;
    }
    if (vector === 0x0f) return; // spurious IRQ 7
  }
  firmware.unexpected(call);
}

/** INT 11h. */
export function equipment({ memory }: Firmware, call: ServiceCall): undefined {
  call.ax = memory.read16(BDA_EQUIPMENT);
}

/** INT 12h: KiB of conventional memory below the extended BIOS data area. */
export function memorySize({ memory }: Firmware, call: ServiceCall): undefined {
  call.ax = memory.read16(BDA_BASE_MEMORY_KIB);
}
