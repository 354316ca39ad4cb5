/**
 * Names of the controller's ports, status and port bits, answers and commands.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device Controller"
 */

/** Offset of the data port. */
export const KBC_DATA = 0;
/** Offset of the status and command port. */
export const KBC_STATUS = 1;

export const STATUS_OUTPUT_FULL = 0x01;
export const STATUS_SYSTEM_FLAG = 0x04;
export const STATUS_COMMAND = 0x08;
export const STATUS_NOT_LOCKED = 0x10;
export const STATUS_AUX_OUTPUT_FULL = 0x20;
export const STATUS_TIMEOUT = 0x40;

export const OUTPUT_PORT_NOT_RESET = 0x01;
export const OUTPUT_PORT_A20 = 0x02;
export const OUTPUT_PORT_KEYBOARD_FULL = 0x10;
export const OUTPUT_PORT_AUX_FULL = 0x20;

/** Input port: keyboard not locked, manufacturing jumper not set. */
export const INPUT_PORT = 0xa0;
export const PASSWORD_NOT_INSTALLED = 0xf1;
export const TEST_PASSED = 0x00;
export const SELF_TEST_PASSED = 0x55;
/** What a controller puts in place of the answer of a device that stays silent. */
export const NO_DEVICE = 0xfe;
/** Test inputs: both clock lines high. */
export const TEST_INPUTS = 0x03;

export const WRITE_COMMAND_BYTE = 0x60;
export const TEST_PASSWORD = 0xa4;
export const LOAD_PASSWORD = 0xa5;
export const DISABLE_AUX = 0xa7;
export const ENABLE_AUX = 0xa8;
export const TEST_AUX = 0xa9;
export const SELF_TEST = 0xaa;
export const TEST_KEYBOARD = 0xab;
export const DISABLE_KEYBOARD = 0xad;
export const ENABLE_KEYBOARD = 0xae;
export const READ_INPUT_PORT = 0xc0;
export const READ_OUTPUT_PORT = 0xd0;
export const WRITE_OUTPUT_PORT = 0xd1;
export const WRITE_KEYBOARD_OUTPUT = 0xd2;
export const WRITE_AUX_OUTPUT = 0xd3;
export const WRITE_AUX = 0xd4;
export const DISABLE_A20 = 0xdd;
export const ENABLE_A20 = 0xdf;
export const READ_TEST_INPUTS = 0xe0;

/** Fields of the command byte, which is byte 0 of the controller's memory. */
export const COMMAND_BYTE_KEYBOARD_IRQ = 0x01;
export const COMMAND_BYTE_AUX_IRQ = 0x02;
export const COMMAND_BYTE_SYSTEM_FLAG = 0x04;
export const COMMAND_BYTE_KEYBOARD_DISABLE = 0x10;
export const COMMAND_BYTE_AUX_DISABLE = 0x20;
export const COMMAND_BYTE_TRANSLATE = 0x40;
