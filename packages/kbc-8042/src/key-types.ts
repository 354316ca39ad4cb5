/**
 * How each key of scan code set 3 behaves: whether it repeats and whether it sends a break code.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-Key)", scan code set 3
 */

/** A break code follows when the key goes up. */
export const KEY_SENDS_BREAK = 1;
/** The make code repeats while the key is down. */
export const KEY_REPEATS = 2;

/** Make and break, without repeat: the left shifts and controls, Caps Lock. */
const MAKE_BREAK = [0x11, 0x12, 0x14, 0x19, 0x59];

/**
 * Make only: function keys, Esc, right Ctrl and Alt, the keypad but for Plus, and most of the keys above the arrows.
 */
const MAKE_ONLY = [
  0x07, 0x08, 0x0f, 0x17, 0x1f, 0x27, 0x2f, 0x37, 0x39, 0x3f, 0x47, 0x4f, 0x56, 0x57, 0x58, 0x5e, 0x5f, 0x62, 0x65,
  0x67, 0x69, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x79, 0x7a, 0x7d, 0x7e,
  0x84,
];

/** The behaviour of each key at power-on, by its code in set 3. */
export function defaultKeyTypes(): Uint8Array {
  const types = new Uint8Array(256).fill(KEY_REPEATS);
  for (const code of MAKE_BREAK) types[code] = KEY_SENDS_BREAK;
  for (const code of MAKE_ONLY) types[code] = 0;
  return types;
}
