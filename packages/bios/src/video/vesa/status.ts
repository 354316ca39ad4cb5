/**
 * What AX says after a VESA function: AL is 4Fh if the function exists, AH how it went.
 *
 * @source VESA BIOS Extension (VBE) Core Functions 2.0, "VBE Return Status"
 */
export const VESA_OK = 0x004f;
export const VESA_FAILED = 0x014f;
/** The hardware cannot do it. */
export const VESA_NOT_SUPPORTED = 0x024f;
export const VESA_INVALID_IN_MODE = 0x034f;
/** The function does not exist. */
export const VESA_NO_FUNCTION = 0x0100;

export type VesaStatus = 0x004f | 0x014f | 0x024f | 0x034f | 0x0100;
