/** Bits of the shift states in the BIOS data area. @source IBM BIOS Interface Technical Reference, "Keyboard Data Areas" */

/** 40:17. */
export const SHIFT_1_RIGHT = 0x01;
export const SHIFT_1_LEFT = 0x02;
export const SHIFT_1_CONTROL = 0x04;
export const SHIFT_1_ALT = 0x08;
export const SHIFT_1_SCROLL = 0x10;
export const SHIFT_1_NUM = 0x20;
export const SHIFT_1_CAPS = 0x40;
export const SHIFT_1_INSERT = 0x80;
/** 40:18; bits 4 to 7 say that Scroll Lock, Num Lock, Caps Lock and Insert are down. */
export const SHIFT_2_LEFT_CONTROL = 0x01;
export const SHIFT_2_LEFT_ALT = 0x02;
export const SHIFT_2_SYSTEM = 0x04;
export const SHIFT_2_PAUSE = 0x08;
/** 40:96. */
export const SHIFT_3_E1 = 0x01;
export const SHIFT_3_E0 = 0x02;
export const SHIFT_3_RIGHT_CONTROL = 0x04;
export const SHIFT_3_RIGHT_ALT = 0x08;
export const SHIFT_3_ENHANCED = 0x10;
