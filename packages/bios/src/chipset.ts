/** Programming of the parts around the processor that several services share: CMOS and RTC, interrupt controllers, A20. */
import type { FirmwarePorts } from './host.ts';
import {
  PORT_CMOS_DATA,
  PORT_CMOS_INDEX,
  PORT_PIC1_COMMAND,
  PORT_PIC1_DATA,
  PORT_PIC2_COMMAND,
  PORT_PIC2_DATA,
  PORT_SYSTEM_A,
} from './ports.ts';

/** Registers of the MC146818. @source Motorola MC146818A data sheet, "Registers" */
export const RTC_SECONDS = 0x00;
export const RTC_SECONDS_ALARM = 0x01;
export const RTC_MINUTES = 0x02;
export const RTC_MINUTES_ALARM = 0x03;
export const RTC_HOURS = 0x04;
export const RTC_HOURS_ALARM = 0x05;
export const RTC_DAY = 0x07;
export const RTC_MONTH = 0x08;
export const RTC_YEAR = 0x09;
export const RTC_STATUS_A = 0x0a;
export const RTC_STATUS_B = 0x0b;
export const RTC_STATUS_C = 0x0c;
export const RTC_STATUS_D = 0x0d;
/** The century, BCD, in the CMOS memory of every AT. */
export const RTC_CENTURY = 0x32;
/** Status A: an update is in progress or near. */
export const RTC_A_UIP = 0x80;
/** Status B: hold updates; periodic and alarm interrupts; 24 hours; daylight saving. */
export const RTC_B_SET = 0x80;
export const RTC_B_PIE = 0x40;
export const RTC_B_AIE = 0x20;
export const RTC_B_24H = 0x02;
export const RTC_B_DSE = 0x01;
/** Status C: what interrupted. */
export const RTC_C_PF = 0x40;
export const RTC_C_AF = 0x20;

/** Reads one byte of CMOS memory or the clock. */
export function readCmos(ports: FirmwarePorts, index: number): number {
  ports.writePort(PORT_CMOS_INDEX, 8, index);
  return ports.readPort(PORT_CMOS_DATA, 8) & 0xff;
}

/** Writes one byte of CMOS memory or the clock. */
export function writeCmos(ports: FirmwarePorts, index: number, value: number): void {
  ports.writePort(PORT_CMOS_INDEX, 8, index);
  ports.writePort(PORT_CMOS_DATA, 8, value & 0xff);
}

/** @returns the value of a packed BCD byte */
export function fromBcd(byte: number): number {
  return (byte >> 4) * 10 + (byte & 0x0f);
}

/** @returns `value` (0-99) as a packed BCD byte */
export function toBcd(value: number): number {
  return ((Math.trunc(value / 10) % 10) << 4) | (value % 10);
}

const PIC_EOI = 0x20;
const PIC_READ_ISR = 0x0b;
const PIC_READ_IRR = 0x0a;

/** Ends an interrupt on the master, and on the slave first if `isSlave`. @source Intel 8259A data sheet, OCW2 */
export function endOfInterrupt(ports: FirmwarePorts, isSlave: boolean): void {
  if (isSlave) ports.writePort(PORT_PIC2_COMMAND, 8, PIC_EOI);
  ports.writePort(PORT_PIC1_COMMAND, 8, PIC_EOI);
}

/** Ends an interrupt on the slave alone. */
export function endOfSlaveInterrupt(ports: FirmwarePorts): void {
  ports.writePort(PORT_PIC2_COMMAND, 8, PIC_EOI);
}

/** @returns the interrupts in service: bits 0-7 of the master, 8-15 of the slave. @source Intel 8259A data sheet, OCW3 */
export function interruptsInService(ports: FirmwarePorts): number {
  let bits = 0;
  for (const [command, shift] of [
    [PORT_PIC1_COMMAND, 0],
    [PORT_PIC2_COMMAND, 8],
  ] as const) {
    ports.writePort(command, 8, PIC_READ_ISR);
    bits |= (ports.readPort(command, 8) & 0xff) << shift;
    ports.writePort(command, 8, PIC_READ_IRR);
  }
  return bits;
}

/** @returns true when the timer or the real-time clock can wake a halted processor */
export function canWakeByClock(ports: FirmwarePorts): boolean {
  const master = ports.readPort(PORT_PIC1_DATA, 8);
  const slave = ports.readPort(PORT_PIC2_DATA, 8);
  return (master & 0x01) === 0 || ((master & 0x04) === 0 && (slave & 0x01) === 0);
}

/** Initialises both 8259A: IRQ 0 at 08h, IRQ 8 at 70h, cascaded on IRQ 2, edge-triggered, with the given masks. */
export function initialiseInterruptControllers(ports: FirmwarePorts, masterMask: number, slaveMask: number): void {
  for (const [command, data, base, cascade] of [
    [PORT_PIC1_COMMAND, PORT_PIC1_DATA, 0x08, 0x04],
    [PORT_PIC2_COMMAND, PORT_PIC2_DATA, 0x70, 0x02],
  ] as const) {
    ports.writePort(command, 8, 0x11);
    ports.writePort(data, 8, base);
    ports.writePort(data, 8, cascade);
    ports.writePort(data, 8, 0x01);
  }
  ports.writePort(PORT_PIC1_DATA, 8, masterMask);
  ports.writePort(PORT_PIC2_DATA, 8, slaveMask);
}

const SYSTEM_A_GATE_A20 = 0x02;
/** Bit 0 of port 92h resets the processor when it rises: never write it back. */
const SYSTEM_A_RESET = 0x01;

/** @returns true when address line 20 is enabled by port 92h */
export function isA20Enabled(ports: FirmwarePorts): boolean {
  return (ports.readPort(PORT_SYSTEM_A, 8) & SYSTEM_A_GATE_A20) !== 0;
}

/** Opens or closes the A20 gate through port 92h. */
export function setA20(ports: FirmwarePorts, isEnabled: boolean): void {
  const rest = ports.readPort(PORT_SYSTEM_A, 8) & ~(SYSTEM_A_GATE_A20 | SYSTEM_A_RESET) & 0xff;
  ports.writePort(PORT_SYSTEM_A, 8, isEnabled ? rest | SYSTEM_A_GATE_A20 : rest);
}
