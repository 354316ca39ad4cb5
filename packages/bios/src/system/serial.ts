/**
 * INT 14h and INT 17h: serial ports through their 8250-compatible registers, and the printer that is not there.
 *
 * **Not emulated**: AH=04h and 05h (extended initialisation and modem control), handshake lines, printers.
 *
 * @source IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 14h"; National Semiconductor PC16550D data sheet
 */
import { BDA_SERIAL_BASES, BDA_SERIAL_TIMEOUTS } from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import { canWakeByClock } from '../chipset.ts';
import type { Firmware } from '../firmware.ts';
import type { FirmwarePorts } from '../host.ts';
import type { Continuation } from '../rom/stubs.ts';

const DATA = 0;
const DIVISOR_HIGH = 1;
const INTERRUPT_ENABLE = 1;
const LINE_CONTROL = 3;
const MODEM_CONTROL = 4;
const LINE_STATUS = 5;
const MODEM_STATUS = 6;
const LCR_DLAB = 0x80;
const MCR_DTR_RTS = 0x03;
const LSR_DATA_READY = 0x01;
const LSR_THRE = 0x20;
const TIMED_OUT = 0x80;
/** Error bits of the line status that a received byte is returned with. */
const RECEIVE_ERRORS = 0x1e;
/** Divisors of 1.8432 MHz / 16 for 110, 150, 300, 600, 1200, 2400, 4800 and 9600 baud. */
const DIVISORS: readonly number[] = [1047, 768, 384, 192, 96, 48, 24, 12];
const TICKS_PER_TIMEOUT_UNIT = 1_000_000_000;

/** INT 14h; DX is the port's number. Sending and receiving wait in the stub, as long as 40:7C says. */
export function serial(firmware: Firmware, call: ServiceCall): Continuation | undefined {
  const { memory, ports } = firmware;
  const base = call.dx < 4 ? memory.read16(BDA_SERIAL_BASES + 2 * call.dx) : 0;
  if (base === 0 || call.ah > 0x03) {
    if (call.ah > 0x03) firmware.unsupported(call);
    call.carry = true;
    return;
  }
  switch (call.ah) {
    case 0x00:
      initialise(ports, base, call.al);
      break;
    case 0x01:
    case 0x02:
      return transfer(firmware, call, base);
  }
  call.al = ports.readPort(base + MODEM_STATUS, 8);
  call.ah = ports.readPort(base + LINE_STATUS, 8);
  call.carry = false;
}

/** Bits 5-7 the speed, 3-4 the parity, 2 the stop bits, 0-1 the length. */
function initialise(ports: FirmwarePorts, base: number, parameters: number): void {
  const divisor = DIVISORS[parameters >> 5] ?? 12;
  ports.writePort(base + LINE_CONTROL, 8, LCR_DLAB);
  ports.writePort(base + DATA, 8, divisor & 0xff);
  ports.writePort(base + DIVISOR_HIGH, 8, divisor >> 8);
  ports.writePort(base + LINE_CONTROL, 8, parameters & 0x1f);
  ports.writePort(base + INTERRUPT_ENABLE, 8, 0);
}

function transfer(firmware: Firmware, call: ServiceCall, base: number): Continuation | undefined {
  const { clock, memory, ports } = firmware;
  const { deadlines } = firmware.state;
  const isSending = call.ah === 0x01;
  if (!call.isRetry || deadlines.serial === null) {
    const units = memory.read8(BDA_SERIAL_TIMEOUTS + call.dx);
    deadlines.serial = clock.now + units * TICKS_PER_TIMEOUT_UNIT;
    ports.writePort(base + MODEM_CONTROL, 8, MCR_DTR_RTS);
  }
  const status = ports.readPort(base + LINE_STATUS, 8) & 0xff;
  const isReady = (status & (isSending ? LSR_THRE : LSR_DATA_READY)) !== 0;
  if (!isReady && clock.now < deadlines.serial) {
    // A byte leaves within a millisecond or so: no time to halt until the next tick.
    return !isSending && canWakeByClock(ports) ? 'serial.halt' : 'serial.spin';
  }
  deadlines.serial = null;
  call.carry = false;
  if (!isReady) {
    call.ah = status | TIMED_OUT;
  } else if (isSending) {
    ports.writePort(base + DATA, 8, call.al);
    call.ah = ports.readPort(base + LINE_STATUS, 8) & ~TIMED_OUT;
  } else {
    call.al = ports.readPort(base + DATA, 8);
    call.ah = status & RECEIVE_ERRORS;
  }
}

/** INT 17h: POST finds no printer, so every request times out. */
export function printer(firmware: Firmware, call: ServiceCall): undefined {
  if (call.ah > 0x02) firmware.unsupported(call);
  else call.ah = 0x01;
  call.carry = true;
}
