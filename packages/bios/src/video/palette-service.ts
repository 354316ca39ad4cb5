/** INT 10h AH=0Bh and AH=10h: border, CGA colours, palette registers and the DAC. */
import { BDA_CGA_PALETTE } from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import type { FirmwarePorts } from '../host.ts';
import {
  PORT_VGA_ATTRIBUTE,
  PORT_VGA_ATTRIBUTE_READ,
  PORT_VGA_DAC_DATA,
  PORT_VGA_DAC_MASK,
  PORT_VGA_DAC_READ_INDEX,
} from '../ports.ts';
import { readScreen } from './screen.ts';
import { resetAttributeFlipFlop, writeAttribute, writeDac } from './vga.ts';

const ATTRIBUTE_MODE = 0x10;
const ATTRIBUTE_BORDER = 0x11;
const ATTRIBUTE_COLOUR_SELECT = 0x14;
const MODE_BLINK = 0x08;
const MODE_PAGE_SIZE_16 = 0x80;
const DISPLAY_ON = 0x20;
/** The last attribute register. */
const LAST_ATTRIBUTE = 0x14;
const DAC_ENTRIES = 256;

/** AH=0Bh: BH=0 sets the border (background in CGA graphics), BH=1 one of the two CGA palettes. */
export function setCgaColours(firmware: Firmware, call: ServiceCall): void {
  const { memory, ports } = firmware;
  const old = memory.read8(BDA_CGA_PALETTE);
  if (call.bh === 0) {
    const colour = (call.bl & 0x07) | ((call.bl & 0x08) << 1);
    writeAttribute(ports, ATTRIBUTE_BORDER, colour);
    if (readScreen(firmware).mode.model === 'cga') writeAttribute(ports, 0, colour);
    memory.write8(BDA_CGA_PALETTE, (old & 0xe0) | (call.bl & 0x1f));
  } else if (call.bh === 1) {
    for (let index = 1; index <= 3; index++) {
      const value = (readAttribute(ports, index) & ~0x01) | (call.bl & 0x01);
      writeAttribute(ports, index, value);
    }
    memory.write8(BDA_CGA_PALETTE, (call.bl & 1) !== 0 ? old | 0x20 : old & ~0x20);
  }
}

/** AH=10h. */
export function paletteRegisters(firmware: Firmware, call: ServiceCall): void {
  const { memory, ports } = firmware;
  const buffer = (index: number): number => call.address('es', call.dx + index);
  switch (call.al) {
    case 0x00:
      if (call.bl <= LAST_ATTRIBUTE) writeAttribute(ports, call.bl, call.bh);
      return;
    case 0x01:
      writeAttribute(ports, ATTRIBUTE_BORDER, call.bh);
      return;
    case 0x02:
      for (let index = 0; index < 16; index++) writeAttribute(ports, index, memory.read8(buffer(index)));
      writeAttribute(ports, ATTRIBUTE_BORDER, memory.read8(buffer(16)));
      return;
    case 0x03: {
      const mode = readAttribute(ports, ATTRIBUTE_MODE) & ~MODE_BLINK;
      writeAttribute(ports, ATTRIBUTE_MODE, (call.bl & 1) !== 0 ? mode | MODE_BLINK : mode);
      return;
    }
    case 0x07:
      if (call.bl <= LAST_ATTRIBUTE) call.bh = readAttribute(ports, call.bl);
      return;
    case 0x08:
      call.bh = readAttribute(ports, ATTRIBUTE_BORDER);
      return;
    case 0x09:
      for (let index = 0; index < 16; index++) memory.write8(buffer(index), readAttribute(ports, index));
      memory.write8(buffer(16), readAttribute(ports, ATTRIBUTE_BORDER));
      return;
    case 0x10:
      writeDac(ports, call.bl, [call.dh, call.ch, call.cl]);
      return;
    case 0x12:
      for (let i = 0; i < Math.min(call.cx, DAC_ENTRIES); i++) {
        writeDac(
          ports,
          call.bl + i,
          [0, 1, 2].map((part) => memory.read8(buffer(3 * i + part))),
        );
      }
      return;
    case 0x13:
      selectColourPage(ports, call);
      return;
    case 0x15: {
      const [red = 0, green = 0, blue = 0] = readDac(ports, call.bl);
      call.dh = red;
      call.ch = green;
      call.cl = blue;
      return;
    }
    case 0x17:
      for (let i = 0; i < Math.min(call.cx, DAC_ENTRIES); i++) {
        readDac(ports, call.bl + i).forEach((level, part) => {
          memory.write8(buffer(3 * i + part), level);
        });
      }
      return;
    case 0x18:
      ports.writePort(PORT_VGA_DAC_MASK, 8, call.bl);
      return;
    case 0x19:
      call.bl = ports.readPort(PORT_VGA_DAC_MASK, 8) & 0xff;
      return;
    case 0x1a: {
      const isOf16 = (readAttribute(ports, ATTRIBUTE_MODE) & MODE_PAGE_SIZE_16) !== 0;
      const select = readAttribute(ports, ATTRIBUTE_COLOUR_SELECT);
      call.bl = isOf16 ? 1 : 0;
      call.bh = isOf16 ? select & 0x0f : (select >> 2) & 0x03;
      return;
    }
    case 0x1b:
      for (let i = 0; i < Math.min(call.cx, DAC_ENTRIES); i++) {
        const [red = 0, green = 0, blue = 0] = readDac(ports, call.bl + i);
        const grey = Math.min(0x3f, Math.round(0.3 * red + 0.59 * green + 0.11 * blue));
        writeDac(ports, call.bl + i, [grey, grey, grey]);
      }
      return;
    default:
      firmware.unsupported(call);
  }
}

/** AL=13h: BL=0 chooses pages of 64 or 16 entries, BL=1 the page. */
function selectColourPage(ports: FirmwarePorts, call: ServiceCall): void {
  const mode = readAttribute(ports, ATTRIBUTE_MODE);
  if (call.bl === 0) {
    const value = (call.bh & 1) !== 0 ? mode | MODE_PAGE_SIZE_16 : mode & ~MODE_PAGE_SIZE_16;
    writeAttribute(ports, ATTRIBUTE_MODE, value);
  } else {
    const isOf16 = (mode & MODE_PAGE_SIZE_16) !== 0;
    writeAttribute(ports, ATTRIBUTE_COLOUR_SELECT, isOf16 ? call.bh & 0x0f : (call.bh & 0x03) << 2);
  }
}

function readAttribute(ports: FirmwarePorts, index: number): number {
  resetAttributeFlipFlop(ports);
  ports.writePort(PORT_VGA_ATTRIBUTE, 8, index);
  const value = ports.readPort(PORT_VGA_ATTRIBUTE_READ, 8) & 0xff;
  resetAttributeFlipFlop(ports);
  ports.writePort(PORT_VGA_ATTRIBUTE, 8, DISPLAY_ON);
  return value;
}

function readDac(ports: FirmwarePorts, index: number): number[] {
  ports.writePort(PORT_VGA_DAC_READ_INDEX, 8, index & 0xff);
  return [0, 1, 2].map(() => ports.readPort(PORT_VGA_DAC_DATA, 8) & 0x3f);
}
