/**
 * INT 08h and INT 1Ah: the tick count and the real-time clock.
 *
 * **Not emulated**: the day counter (AH=0Ah, 0Bh), sound source (AH=80h).
 *
 * @source IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 1Ah"; RBIL INT 1A
 */
import { BDA_MIDNIGHT, BDA_TICKS } from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import {
  fromBcd,
  RTC_A_UIP,
  RTC_B_24H,
  RTC_B_AIE,
  RTC_B_DSE,
  RTC_B_SET,
  RTC_CENTURY,
  RTC_DAY,
  RTC_HOURS,
  RTC_HOURS_ALARM,
  RTC_MINUTES,
  RTC_MINUTES_ALARM,
  RTC_MONTH,
  RTC_SECONDS,
  RTC_SECONDS_ALARM,
  RTC_STATUS_A,
  RTC_STATUS_B,
  RTC_YEAR,
  readCmos,
  writeCmos,
} from '../chipset.ts';
import { tickMotors } from '../disk/floppy.ts';
import type { Firmware } from '../firmware.ts';
import type { FirmwareMemory, FirmwarePorts } from '../host.ts';
import { pciBios } from '../pci/service.ts';
import type { Continuation } from '../rom/stubs.ts';

/** Ticks of a day at 1193182 / 65536 Hz, as the PC counts them. */
const TICKS_PER_DAY = 0x1800b0;
const TICKS_PER_SECOND = 1193182 / 65536;
/** Longer than any update of the clock takes (2228 microseconds), in ticks of virtual time. */
const UPDATE_LIMIT_TICKS = 3_000_000;

/** First trap of INT 08h: counts the tick. The stub then calls INT 1Ch and ends the interrupt. */
export function tick(firmware: Firmware): undefined {
  const { memory } = firmware;
  const ticks = memory.read32(BDA_TICKS) + 1;
  if (ticks >= TICKS_PER_DAY) {
    memory.write32(BDA_TICKS, 0);
    memory.write8(BDA_MIDNIGHT, memory.read8(BDA_MIDNIGHT) + 1);
  } else {
    memory.write32(BDA_TICKS, ticks);
  }
  tickMotors(firmware);
}

/** INT 1Ah. Requests to the real-time clock wait in the stub while it updates itself. */
export function clock(firmware: Firmware, call: ServiceCall): Continuation | undefined {
  const { memory, ports } = firmware;
  if (call.ah >= 0x02 && call.ah <= 0x06) {
    const waiting = waitForUpdate(firmware, call);
    if (waiting !== undefined) return waiting;
  }
  switch (call.ah) {
    case 0x00:
      readTicks(memory, call);
      return;
    case 0x01:
      memory.write32(BDA_TICKS, call.cx * 0x10000 + call.dx);
      memory.write8(BDA_MIDNIGHT, 0);
      call.ah = 0;
      call.carry = false;
      return;
    case 0x02:
      call.ch = readCmos(ports, RTC_HOURS);
      call.cl = readCmos(ports, RTC_MINUTES);
      call.dh = readCmos(ports, RTC_SECONDS);
      call.dl = readCmos(ports, RTC_STATUS_B) & RTC_B_DSE;
      call.ax = call.ch;
      call.carry = false;
      return;
    case 0x03:
      setTime(ports, call);
      return;
    case 0x04:
      call.ch = readCmos(ports, RTC_CENTURY);
      call.cl = readCmos(ports, RTC_YEAR);
      call.dh = readCmos(ports, RTC_MONTH);
      call.dl = readCmos(ports, RTC_DAY);
      call.ax = call.ch;
      call.carry = false;
      return;
    case 0x05:
      setDate(ports, call);
      return;
    case 0x06:
      setAlarm(ports, call);
      return;
    case 0x07:
      writeCmos(ports, RTC_STATUS_B, readCmos(ports, RTC_STATUS_B) & ~RTC_B_AIE);
      call.ah = 0;
      call.carry = false;
      return;
    case 0xb1:
      return pciBios(firmware, call);
    default:
      firmware.unsupported(call);
      call.carry = true;
  }
}

/** Sets the tick count from the time of day, as POST does. */
export function setTicksFromClock({ memory, ports }: Firmware): void {
  const hours = fromBcd(readCmos(ports, RTC_HOURS) & 0x3f);
  const minutes = fromBcd(readCmos(ports, RTC_MINUTES) & 0x7f);
  const seconds = fromBcd(readCmos(ports, RTC_SECONDS) & 0x7f);
  const total = (hours * 60 + minutes) * 60 + seconds;
  memory.write32(BDA_TICKS, Math.trunc(total * TICKS_PER_SECOND) % TICKS_PER_DAY);
  memory.write8(BDA_MIDNIGHT, 0);
}

function readTicks(memory: FirmwareMemory, call: ServiceCall): void {
  const ticks = memory.read32(BDA_TICKS);
  call.cx = ticks >>> 16;
  call.dx = ticks & 0xffff;
  call.ax = memory.read8(BDA_MIDNIGHT);
  memory.write8(BDA_MIDNIGHT, 0);
  call.carry = false;
}

/** While an update is near, the stub asks again; a clock that never finishes is used as it is. */
function waitForUpdate({ clock: time, ports, state }: Firmware, call: ServiceCall): Continuation | undefined {
  if (!call.isRetry || state.deadlines.clock === null) state.deadlines.clock = time.now + UPDATE_LIMIT_TICKS;
  if ((readCmos(ports, RTC_STATUS_A) & RTC_A_UIP) !== 0 && time.now < state.deadlines.clock) return 'clock.spin';
  state.deadlines.clock = null;
}

/** Writes clock registers while updates are held. */
function writeHeld(ports: FirmwarePorts, statusB: number, values: readonly (readonly [number, number])[]): void {
  writeCmos(ports, RTC_STATUS_B, statusB | RTC_B_SET);
  for (const [register, value] of values) writeCmos(ports, register, value);
  writeCmos(ports, RTC_STATUS_B, statusB & ~RTC_B_SET);
}

function setTime(ports: FirmwarePorts, call: ServiceCall): void {
  const old = readCmos(ports, RTC_STATUS_B) & ~RTC_B_DSE;
  writeHeld(ports, old | RTC_B_24H | (call.dl & RTC_B_DSE), [
    [RTC_HOURS, call.ch],
    [RTC_MINUTES, call.cl],
    [RTC_SECONDS, call.dh],
  ]);
  call.ah = 0;
  call.carry = false;
}

function setDate(ports: FirmwarePorts, call: ServiceCall): void {
  writeHeld(ports, readCmos(ports, RTC_STATUS_B), [
    [RTC_CENTURY, call.ch],
    [RTC_YEAR, call.cl],
    [RTC_MONTH, call.dh],
    [RTC_DAY, call.dl],
  ]);
  call.ah = 0;
  call.carry = false;
}

/** AH=06h fails while an alarm is set. At the alarm INT 70h calls INT 4Ah. */
function setAlarm(ports: FirmwarePorts, call: ServiceCall): void {
  const old = readCmos(ports, RTC_STATUS_B);
  if ((old & RTC_B_AIE) !== 0) {
    call.carry = true;
    return;
  }
  writeCmos(ports, RTC_HOURS_ALARM, call.ch);
  writeCmos(ports, RTC_MINUTES_ALARM, call.cl);
  writeCmos(ports, RTC_SECONDS_ALARM, call.dh);
  writeCmos(ports, RTC_STATUS_B, old | RTC_B_AIE);
  call.ah = 0;
  call.carry = false;
}
