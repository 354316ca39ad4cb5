/**
 * From a pixel's attribute to red, green and blue: attribute controller, PEL mask, DAC.
 *
 * @source IBM VGA technical reference, "Attribute Controller Registers" and "Video Digital-to-Analog Converter"
 */
import { DISPI_8BIT_DAC } from './dispi.ts';
import { ATC_COLOR_SELECT, ATC_MODE_CONTROL, ATC_MODE_P54_SELECT, ATC_PLANE_ENABLE } from './registers.ts';
import type { VgaRegisters } from './state.ts';

/** A six-bit DAC component as eight bits: 63 is 255. The upper two bits are left from an eight-bit DAC. */
function eightBits(component: number): number {
  return ((component & 0x3f) << 2) | ((component >> 4) & 3);
}

/** @param index DAC address before the PEL mask, 0 to 255; @returns the colour as RRGGBBh */
function dacColor(registers: VgaRegisters, index: number): number {
  const at = 3 * (index & registers.pelMask);
  if ((registers.dispi.enable & DISPI_8BIT_DAC) !== 0) {
    return (
      ((registers.dac[at] as number) << 16) |
      ((registers.dac[at + 1] as number) << 8) |
      (registers.dac[at + 2] as number)
    );
  }
  const red = eightBits(registers.dac[at] as number);
  const green = eightBits(registers.dac[at + 1] as number);
  return (red << 16) | (green << 8) | eightBits(registers.dac[at + 2] as number);
}

/** @param attribute four-bit colour; @returns the DAC address that the attribute controller makes of it */
function paletteIndex(registers: VgaRegisters, attribute: number): number {
  const { attribute: controller } = registers;
  const select = controller[ATC_COLOR_SELECT] as number;
  const entry = controller[attribute & (controller[ATC_PLANE_ENABLE] as number) & 0x0f] as number;
  const low =
    ((controller[ATC_MODE_CONTROL] as number) & ATC_MODE_P54_SELECT) !== 0
      ? (entry & 0x0f) | ((select & 3) << 4)
      : entry & 0x3f;
  return low | ((select & 0x0c) << 4);
}

/** The sixteen colours of text and 16-colour graphics as RRGGBBh. */
export function attributeColors(registers: VgaRegisters): number[] {
  return Array.from({ length: 16 }, (_, attribute) => dacColor(registers, paletteIndex(registers, attribute)));
}

/** The 256 colours of 256-colour graphics as RRGGBBh. */
export function dacColors(registers: VgaRegisters): number[] {
  return Array.from({ length: 256 }, (_, index) => dacColor(registers, index));
}
