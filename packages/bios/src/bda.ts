/**
 * The BIOS data area at 0040:0000, by physical address, and the start of the extended one.
 *
 * @source IBM PS/2 and PC BIOS Interface Technical Reference, "Data Areas"
 */

/** Four words: I/O bases of the serial ports; 0 = none. */
export const BDA_SERIAL_BASES = 0x400;
/** Word: segment of the extended BIOS data area. */
export const BDA_EBDA_SEGMENT = 0x40e;
/** Word: what INT 11h returns. */
export const BDA_EQUIPMENT = 0x410;
/** Word: what INT 12h returns, KiB. */
export const BDA_BASE_MEMORY_KIB = 0x413;
/** Byte: shift states 1 (see `keyboard/shift-states.ts`). */
export const BDA_SHIFT_FLAGS_1 = 0x417;
/** Byte: shift states 2. */
export const BDA_SHIFT_FLAGS_2 = 0x418;
/** Byte: the number being typed with Alt and the keypad. */
export const BDA_ALT_NUMBER = 0x419;
/** Words: offsets in segment 40h of the next key to take and of the next free slot. */
export const BDA_KEY_HEAD = 0x41a;
export const BDA_KEY_TAIL = 0x41c;
export const BDA_FLOPPY_RECALIBRATE = 0x43e;
export const BDA_FLOPPY_MOTOR = 0x43f;
/** Byte: ticks until the floppy motor is switched off. */
export const BDA_FLOPPY_MOTOR_TICKS = 0x440;
/** Byte: status of the last floppy operation. */
export const BDA_FLOPPY_STATUS = 0x441;
export const BDA_VIDEO_MODE = 0x449;
export const BDA_VIDEO_COLUMNS = 0x44a;
/** Word: bytes of one display page. */
export const BDA_VIDEO_PAGE_SIZE = 0x44c;
/** Word: offset of the active page. */
export const BDA_VIDEO_PAGE_START = 0x44e;
/** Eight words: column and row of the cursor of each page. */
export const BDA_CURSOR_POSITIONS = 0x450;
/** Word: end and start scan line of the cursor. */
export const BDA_CURSOR_SHAPE = 0x460;
export const BDA_ACTIVE_PAGE = 0x462;
/** Word: 3D4h or 3B4h. */
export const BDA_CRTC_PORT = 0x463;
export const BDA_CGA_MODE_REGISTER = 0x465;
export const BDA_CGA_PALETTE = 0x466;
/** Doubleword: timer ticks since midnight. */
export const BDA_TICKS = 0x46c;
/** Byte: midnights since the ticks were last read. */
export const BDA_MIDNIGHT = 0x470;
/** Byte: bit 7 = Ctrl-Break was pressed. */
export const BDA_BREAK = 0x471;
/** Word: 1234h asks POST for a warm start. */
export const BDA_RESET_FLAG = 0x472;
/** Byte: status of the last hard disk operation. */
export const BDA_HARD_DISK_STATUS = 0x474;
export const BDA_HARD_DISK_COUNT = 0x475;
/** Bytes: time-outs. */
export const BDA_PRINTER_TIMEOUTS = 0x478;
export const BDA_SERIAL_TIMEOUTS = 0x47c;
/** Words: offsets of the keyboard buffer's first byte and of the byte after its last. */
export const BDA_KEY_BUFFER_START = 0x480;
export const BDA_KEY_BUFFER_END = 0x482;
/** Byte: text rows minus one. */
export const BDA_VIDEO_ROWS = 0x484;
/** Word: scan lines of a character. */
export const BDA_CHARACTER_HEIGHT = 0x485;
/** Byte: bit 7 = the last mode set kept the memory. */
export const BDA_VIDEO_CONTROL = 0x487;
export const BDA_VIDEO_SWITCHES = 0x488;
export const BDA_VIDEO_FLAGS = 0x489;
export const BDA_DISPLAY_COMBINATION = 0x48a;
/** Byte: FFh after a hard disk interrupt. */
export const BDA_HARD_DISK_INTERRUPT = 0x48e;
/** One byte a floppy drive: what its medium was found to be; then one each for the cylinder it is at. */
export const BDA_FLOPPY_MEDIA = 0x490;
export const BDA_FLOPPY_CYLINDERS = 0x494;
/** Byte: E0h/E1h prefix states and keyboard kind. */
export const BDA_SHIFT_FLAGS_3 = 0x496;
/** Byte: indicator states. */
export const BDA_KEYBOARD_LEDS = 0x497;
/** Doubleword: far pointer to the byte that an event wait sets. */
export const BDA_WAIT_FLAG_POINTER = 0x498;
/** Doubleword: microseconds left of an event wait. */
export const BDA_WAIT_COUNT = 0x49c;
/** Byte: bit 0 = an event wait is under way, bit 7 = it is over. */
export const BDA_WAIT_ACTIVE = 0x4a0;
