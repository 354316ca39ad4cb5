/** The I/O ports that the firmware uses, by their fixed numbers on every PC. */

/**
 * The firmware's own port: one 8-bit port to which the stubs in the ROM write to call the host. E0h lies between the second
 * DMA controller (C0-DF) and the emulators' debug console (E9); PCs have nothing there, and it is reachable by
 * `out imm8, al`, which needs no register. A write from anywhere but the ROM's segment F000 is ignored.
 */
export const BIOS_TRAP_PORT = 0xe0;

/** DMA controllers: master clear of both, mode and single mask of the second. */
export const PORT_DMA1_CLEAR = 0x0d;
export const PORT_DMA2_CLEAR = 0xda;
export const PORT_DMA2_MASK = 0xd4;
export const PORT_DMA2_MODE = 0xd6;
export const PORT_PIC1_COMMAND = 0x20;
export const PORT_PIC1_DATA = 0x21;
export const PORT_PIC2_COMMAND = 0xa0;
export const PORT_PIC2_DATA = 0xa1;
export const PORT_PIT_CHANNEL0 = 0x40;
export const PORT_PIT_CHANNEL1 = 0x41;
export const PORT_PIT_CHANNEL2 = 0x42;
export const PORT_PIT_MODE = 0x43;
export const PORT_KBC_DATA = 0x60;
export const PORT_KBC_COMMAND = 0x64;
export const PORT_CMOS_INDEX = 0x70;
export const PORT_CMOS_DATA = 0x71;
/** System control port A: bit 1 is the fast A20 gate. */
export const PORT_SYSTEM_A = 0x92;
export const PORT_FPU_CLEAR = 0xf0;
export const PORT_ATA1_STATUS = 0x1f7;
export const PORT_ATA2_STATUS = 0x177;
export const PORT_VGA_ATTRIBUTE = 0x3c0;
export const PORT_VGA_ATTRIBUTE_READ = 0x3c1;
export const PORT_VGA_MISC_WRITE = 0x3c2;
export const PORT_VGA_SEQUENCER = 0x3c4;
export const PORT_VGA_DAC_MASK = 0x3c6;
export const PORT_VGA_DAC_READ_INDEX = 0x3c7;
export const PORT_VGA_DAC_WRITE_INDEX = 0x3c8;
export const PORT_VGA_DAC_DATA = 0x3c9;
export const PORT_VGA_MISC_READ = 0x3cc;
export const PORT_VGA_GRAPHICS = 0x3ce;
export const PORT_VGA_CRTC_COLOUR = 0x3d4;
export const PORT_VGA_CRTC_MONO = 0x3b4;
/** The display interface of Bochs: index and data, 16 bits each. */
export const PORT_DISPI_INDEX = 0x1ce;
export const PORT_DISPI_DATA = 0x1cf;
/** Floppy controller: digital output, main status, FIFO. */
export const PORT_FLOPPY_DOR = 0x3f2;
export const PORT_FLOPPY_STATUS = 0x3f4;
export const PORT_FLOPPY_FIFO = 0x3f5;
/** Where POST looks for serial ports. */
export const PORT_SERIAL_BASES: readonly number[] = [0x3f8, 0x2f8, 0x3e8, 0x2e8];
export const PORT_PCI_ADDRESS = 0xcf8;
export const PORT_PCI_DATA = 0xcfc;
