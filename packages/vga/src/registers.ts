/**
 * Names of the VGA's port offsets, registers and fields, as the data sheets of VGA-compatible adapters spell them.
 * Port offsets count from I/O port 3B0h.
 */

/** First I/O port of the adapter. */
export const VGA_PORT_BASE = 0x3b0;
/** How many ports the adapter decodes: 3B0h to 3DFh. */
export const VGA_PORT_COUNT = 0x30;
/** First I/O port of the display interface: the index; the data port follows. */
export const DISPI_PORT_BASE = 0x1ce;
/** How many ports the display interface decodes: an index, and data also where a word is aligned. */
export const DISPI_PORT_COUNT = 3;
/** The offset at which the adapter sees the first port of the display interface. */
export const DISPI_PORT_OFFSET = 0x30;
/** Physical address of the first byte of the video memory window. */
export const VGA_MEMORY_BASE = 0xa0000;
/** Size in bytes of the address range that the adapter may answer: A0000h to BFFFFh. */
export const VGA_MEMORY_SIZE = 0x20000;

/** Bytes in one plane of video memory. */
export const PLANE_SIZE = 0x10000;

export const PORT_CRTC_INDEX_MONO = 0x04;
export const PORT_CRTC_DATA_MONO = 0x05;
export const PORT_INPUT_STATUS_1_MONO = 0x0a;
export const PORT_ATTRIBUTE = 0x10;
export const PORT_ATTRIBUTE_READ = 0x11;
export const PORT_MISC_OUTPUT = 0x12;
export const PORT_VIDEO_ENABLE = 0x13;
export const PORT_SEQUENCER_INDEX = 0x14;
export const PORT_SEQUENCER_DATA = 0x15;
export const PORT_PEL_MASK = 0x16;
export const PORT_DAC_READ_INDEX = 0x17;
export const PORT_DAC_WRITE_INDEX = 0x18;
export const PORT_DAC_DATA = 0x19;
export const PORT_FEATURE_CONTROL_READ = 0x1a;
export const PORT_MISC_OUTPUT_READ = 0x1c;
export const PORT_GRAPHICS_INDEX = 0x1e;
export const PORT_GRAPHICS_DATA = 0x1f;
export const PORT_CRTC_INDEX_COLOR = 0x24;
export const PORT_CRTC_DATA_COLOR = 0x25;
export const PORT_INPUT_STATUS_1_COLOR = 0x2a;

export const MISC_COLOR_ADDRESSES = 0x01;
export const MISC_ENABLE_RAM = 0x02;
export const MISC_CLOCK_SELECT = 0x0c;

export const STATUS_0_SWITCH_SENSE = 0x10;
export const STATUS_1_DISPLAY_DISABLED = 0x01;
export const STATUS_1_VERTICAL_RETRACE = 0x08;

export const SEQ_RESET = 0x00;
export const SEQ_CLOCKING_MODE = 0x01;
export const SEQ_MAP_MASK = 0x02;
export const SEQ_CHARACTER_MAP_SELECT = 0x03;
export const SEQ_MEMORY_MODE = 0x04;
export const SEQ_RESET_RUN = 0x03;
export const SEQ_CLOCKING_8_DOTS = 0x01;
export const SEQ_CLOCKING_HALF_DOT_CLOCK = 0x08;
export const SEQ_CLOCKING_SCREEN_OFF = 0x20;
export const SEQ_MEMORY_SEQUENTIAL = 0x04;
export const SEQ_MEMORY_CHAIN_4 = 0x08;

export const GC_SET_RESET = 0x00;
export const GC_ENABLE_SET_RESET = 0x01;
export const GC_COLOR_COMPARE = 0x02;
export const GC_DATA_ROTATE = 0x03;
export const GC_READ_MAP_SELECT = 0x04;
export const GC_MODE = 0x05;
export const GC_MISCELLANEOUS = 0x06;
export const GC_COLOR_DONT_CARE = 0x07;
export const GC_BIT_MASK = 0x08;
export const GC_MODE_WRITE_MODE = 0x03;
export const GC_MODE_READ_COMPARE = 0x08;
export const GC_MODE_ODD_EVEN = 0x10;
export const GC_MODE_SHIFT_INTERLEAVE = 0x20;
export const GC_MODE_SHIFT_256 = 0x40;
export const GC_MISC_GRAPHICS = 0x01;
export const GC_MISC_CHAIN_ODD_EVEN = 0x02;

export const CRTC_HORIZONTAL_TOTAL = 0x00;
export const CRTC_HORIZONTAL_DISPLAY_END = 0x01;
export const CRTC_VERTICAL_TOTAL = 0x06;
export const CRTC_OVERFLOW = 0x07;
export const CRTC_PRESET_ROW_SCAN = 0x08;
export const CRTC_MAXIMUM_SCAN_LINE = 0x09;
export const CRTC_CURSOR_START = 0x0a;
export const CRTC_CURSOR_END = 0x0b;
export const CRTC_START_ADDRESS_HIGH = 0x0c;
export const CRTC_START_ADDRESS_LOW = 0x0d;
export const CRTC_CURSOR_LOCATION_HIGH = 0x0e;
export const CRTC_CURSOR_LOCATION_LOW = 0x0f;
export const CRTC_VERTICAL_RETRACE_START = 0x10;
export const CRTC_VERTICAL_RETRACE_END = 0x11;
export const CRTC_VERTICAL_DISPLAY_END = 0x12;
export const CRTC_OFFSET = 0x13;
export const CRTC_UNDERLINE_LOCATION = 0x14;
export const CRTC_MODE_CONTROL = 0x17;
export const CRTC_LINE_COMPARE = 0x18;
export const CRTC_OVERFLOW_LINE_COMPARE_8 = 0x10;
export const CRTC_CURSOR_DISABLE = 0x20;
export const CRTC_PROTECT = 0x80;
export const CRTC_DOUBLE_SCAN = 0x80;
export const CRTC_DOUBLEWORD = 0x40;
export const CRTC_MODE_ROW_SCAN_13 = 0x01;
export const CRTC_MODE_ROW_SCAN_14 = 0x02;
export const CRTC_MODE_HALVE_LINE_CLOCK = 0x04;
export const CRTC_MODE_ADDRESS_WRAP = 0x20;
export const CRTC_MODE_BYTE = 0x40;
export const CRTC_MODE_RUN = 0x80;

export const ATC_MODE_CONTROL = 0x10;
export const ATC_PLANE_ENABLE = 0x12;
export const ATC_PEL_PANNING = 0x13;
export const ATC_COLOR_SELECT = 0x14;
export const ATC_INDEX_PALETTE_ADDRESS_SOURCE = 0x20;
export const ATC_MODE_GRAPHICS = 0x01;
export const ATC_MODE_MONO = 0x02;
export const ATC_MODE_LINE_GRAPHICS = 0x04;
export const ATC_MODE_BLINK = 0x08;
export const ATC_MODE_PANNING_COMPATIBLE = 0x20;
export const ATC_MODE_8_BIT = 0x40;
export const ATC_MODE_P54_SELECT = 0x80;

/** Bits that exist in each sequencer register, by index. */
export const SEQ_MASKS: readonly number[] = [0x03, 0x3d, 0x0f, 0x3f, 0x0e];
/** Bits that exist in each graphics controller register, by index. */
export const GC_MASKS: readonly number[] = [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff];
/** Bits that exist in each attribute controller register, by index. */
export const ATC_MASKS: readonly number[] = [...Array.from({ length: 16 }, () => 0x3f), 0xef, 0xff, 0x3f, 0x0f, 0x0f];
/** How many CRTC registers there are; all of them have eight bits here. */
export const CRTC_COUNT = 25;
