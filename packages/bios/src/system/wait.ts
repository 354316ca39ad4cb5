/**
 * INT 15h AH=83h and 86h: waiting for microseconds.
 *
 * AH=86h ends at the first interrupt at or after the time: the real-time clock's periodic interrupt, 1024 times a second, is
 * switched on meanwhile. If neither it nor the timer can interrupt, the stub runs in a loop instead of halting.
 *
 * @source IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 15h"; RBIL INT 15/AH=83h and 86h
 */
import { BDA_WAIT_ACTIVE, BDA_WAIT_COUNT, BDA_WAIT_FLAG_POINTER } from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import {
  canWakeByClock,
  RTC_B_PIE,
  RTC_C_AF,
  RTC_C_PF,
  RTC_STATUS_B,
  RTC_STATUS_C,
  readCmos,
  writeCmos,
} from '../chipset.ts';
import { type Firmware, functionNotSupported } from '../firmware.ts';
import type { FirmwarePorts } from '../host.ts';
import type { Continuation } from '../rom/stubs.ts';

const TICKS_PER_MICROSECOND = 1000;
/** Microseconds from one periodic interrupt to the next: 1 s / 1024, rounded as the PC does. */
const PERIOD_MICROSECONDS = 976;
const WAIT_ACTIVE = 0x01;
const WAIT_DONE = 0x80;

function setPeriodicInterrupt(ports: FirmwarePorts, isEnabled: boolean): void {
  const old = readCmos(ports, RTC_STATUS_B);
  writeCmos(ports, RTC_STATUS_B, isEnabled ? old | RTC_B_PIE : old & ~RTC_B_PIE);
}

/** AH=86h: returns after CX:DX microseconds. */
export function wait(firmware: Firmware, call: ServiceCall): Continuation | undefined {
  const { clock, memory, ports, state } = firmware;
  const { deadlines } = state;
  if (!call.isRetry) {
    deadlines.system = clock.now + (call.cx * 0x10000 + call.dx) * TICKS_PER_MICROSECOND;
    if (deadlines.system > clock.now) setPeriodicInterrupt(ports, true);
  }
  if (deadlines.system !== null && deadlines.system > clock.now) {
    return canWakeByClock(ports) ? 'system.halt' : 'system.spin';
  }
  deadlines.system = null;
  if (call.isRetry && (memory.read8(BDA_WAIT_ACTIVE) & WAIT_ACTIVE) === 0) setPeriodicInterrupt(ports, false);
  call.carry = false;
}

/** AH=83h: AL=0 sets bit 7 of the byte at ES:BX after CX:DX microseconds, AL=1 gives up waiting. */
export function eventWait(firmware: Firmware, call: ServiceCall): undefined {
  const { memory, ports } = firmware;
  if (call.al > 1) return functionNotSupported(firmware, call);
  if (call.al === 1) {
    memory.write8(BDA_WAIT_ACTIVE, 0);
    setPeriodicInterrupt(ports, false);
  } else {
    if ((memory.read8(BDA_WAIT_ACTIVE) & WAIT_ACTIVE) !== 0) {
      call.carry = true;
      return;
    }
    memory.write32(BDA_WAIT_FLAG_POINTER, (call.cpu.es & 0xffff) * 0x10000 + call.bx);
    memory.write32(BDA_WAIT_COUNT, call.cx * 0x10000 + call.dx);
    memory.write8(BDA_WAIT_ACTIVE, WAIT_ACTIVE);
    setPeriodicInterrupt(ports, true);
  }
  call.ah = 0;
  call.carry = false;
}

/** INT 70h: counts an event wait down, and calls INT 4Ah for an alarm. */
export function rtcInterrupt({ memory, ports, state }: Firmware): Continuation | undefined {
  const cause = readCmos(ports, RTC_STATUS_C);
  if ((cause & RTC_C_PF) !== 0 && (memory.read8(BDA_WAIT_ACTIVE) & WAIT_ACTIVE) !== 0) {
    const left = memory.read32(BDA_WAIT_COUNT) - PERIOD_MICROSECONDS;
    memory.write32(BDA_WAIT_COUNT, Math.max(0, left));
    if (left <= 0) {
      const pointer = memory.read32(BDA_WAIT_FLAG_POINTER);
      const flag = (pointer >>> 16) * 16 + (pointer & 0xffff);
      memory.write8(flag, memory.read8(flag) | WAIT_DONE);
      memory.write8(BDA_WAIT_ACTIVE, 0);
      if (state.deadlines.system === null) setPeriodicInterrupt(ports, false);
    }
  }
  return (cause & RTC_C_AF) !== 0 ? 'rtcIrq.alarm' : undefined;
}
