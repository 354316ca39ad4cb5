/**
 * The keys of a PS/2 keyboard: names, and codes in scan code sets 2 and 3. Set 1 is set 2 translated.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-Key)", scan code sets
 */

/** The name of a key, as QEMU's `sendkey` names it. */
// biome-ignore format: a table
export type KeyName =
  | 'esc' | 'f1' | 'f2' | 'f3' | 'f4' | 'f5' | 'f6' | 'f7' | 'f8' | 'f9' | 'f10' | 'f11' | 'f12' | 'print'
  | 'scroll_lock' | 'pause' | 'grave_accent' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '0' | 'minus'
  | 'equal' | 'backspace' | 'tab' | 'q' | 'w' | 'e' | 'r' | 't' | 'y' | 'u' | 'i' | 'o' | 'p' | 'bracket_left'
  | 'bracket_right' | 'backslash' | 'caps_lock' | 'a' | 's' | 'd' | 'f' | 'g' | 'h' | 'j' | 'k' | 'l' | 'semicolon'
  | 'apostrophe' | 'ret' | 'shift' | 'less' | 'z' | 'x' | 'c' | 'v' | 'b' | 'n' | 'm' | 'comma' | 'dot' | 'slash'
  | 'shift_r' | 'ctrl' | 'meta_l' | 'alt' | 'spc' | 'alt_r' | 'meta_r' | 'compose' | 'ctrl_r' | 'insert' | 'home'
  | 'pgup' | 'delete' | 'end' | 'pgdn' | 'up' | 'left' | 'down' | 'right' | 'num_lock' | 'kp_divide' | 'kp_multiply'
  | 'kp_subtract' | 'kp_7' | 'kp_8' | 'kp_9' | 'kp_add' | 'kp_4' | 'kp_5' | 'kp_6' | 'kp_1' | 'kp_2' | 'kp_3'
  | 'kp_enter' | 'kp_0' | 'kp_decimal' | 'ro' | 'yen' | 'henkan' | 'muhenkan' | 'katakanahiragana' | 'kp_comma'
  | 'kp_equals' | 'power' | 'sleep' | 'wake' | 'audiomute' | 'volumedown' | 'volumeup' | 'audioplay' | 'audiostop' | 'audionext'
  | 'audioprev' | 'asterisk' | 'sysrq' | 'hiragana' | 'stop' | 'mediaselect' | 'mail' | 'calculator' | 'computer' | 'ac_home'
  | 'ac_back' | 'ac_forward' | 'ac_refresh' | 'ac_bookmarks' | 'menu' | 'again' | 'props' | 'undo' | 'front' | 'copy'
  | 'open' | 'paste' | 'find' | 'cut' | 'lf' | 'help' | 'lang1' | 'lang2';

/** Code in set 2 (E0xxh for two bytes) and in set 3; 0: the key has none there, and sends nothing. */
type Codes = readonly [set2: number, set3: number];

// biome-ignore format: a table
const CODES: Readonly<Record<KeyName, Codes>> = {
  esc: [0x76, 0x08], f1: [0x05, 0x07], f2: [0x06, 0x0f], f3: [0x04, 0x17], f4: [0x0c, 0x1f],
  f5: [0x03, 0x27], f6: [0x0b, 0x2f], f7: [0x83, 0x37], f8: [0x0a, 0x3f], f9: [0x01, 0x47],
  f10: [0x09, 0x4f], f11: [0x78, 0x56], f12: [0x07, 0x5e],
  print: [0xe07c, 0x57], scroll_lock: [0x7e, 0x5f], pause: [0xe114, 0x62],

  grave_accent: [0x0e, 0x0e], '1': [0x16, 0x16], '2': [0x1e, 0x1e], '3': [0x26, 0x26], '4': [0x25, 0x25],
  '5': [0x2e, 0x2e], '6': [0x36, 0x36], '7': [0x3d, 0x3d], '8': [0x3e, 0x3e], '9': [0x46, 0x46],
  '0': [0x45, 0x45], minus: [0x4e, 0x4e], equal: [0x55, 0x55], backspace: [0x66, 0x66],

  tab: [0x0d, 0x0d], q: [0x15, 0x15], w: [0x1d, 0x1d], e: [0x24, 0x24], r: [0x2d, 0x2d], t: [0x2c, 0x2c],
  y: [0x35, 0x35], u: [0x3c, 0x3c], i: [0x43, 0x43], o: [0x44, 0x44], p: [0x4d, 0x4d],
  bracket_left: [0x54, 0x54], bracket_right: [0x5b, 0x5b], backslash: [0x5d, 0x5c],

  caps_lock: [0x58, 0x14], a: [0x1c, 0x1c], s: [0x1b, 0x1b], d: [0x23, 0x23], f: [0x2b, 0x2b], g: [0x34, 0x34],
  h: [0x33, 0x33], j: [0x3b, 0x3b], k: [0x42, 0x42], l: [0x4b, 0x4b], semicolon: [0x4c, 0x4c],
  apostrophe: [0x52, 0x52], ret: [0x5a, 0x5a],

  shift: [0x12, 0x12], less: [0x61, 0x13], z: [0x1a, 0x1a], x: [0x22, 0x22], c: [0x21, 0x21], v: [0x2a, 0x2a],
  b: [0x32, 0x32], n: [0x31, 0x31], m: [0x3a, 0x3a], comma: [0x41, 0x41], dot: [0x49, 0x49], slash: [0x4a, 0x4a],
  shift_r: [0x59, 0x59],

  ctrl: [0x14, 0x11], meta_l: [0xe01f, 0x8b], alt: [0x11, 0x19], spc: [0x29, 0x29], alt_r: [0xe011, 0x39],
  meta_r: [0xe027, 0x8c], compose: [0xe02f, 0x8d], ctrl_r: [0xe014, 0x58],

  insert: [0xe070, 0x67], home: [0xe06c, 0x6e], pgup: [0xe07d, 0x6f], delete: [0xe071, 0x64],
  end: [0xe069, 0x65], pgdn: [0xe07a, 0x6d], up: [0xe075, 0x63], left: [0xe06b, 0x61], down: [0xe072, 0x60],
  right: [0xe074, 0x6a],

  num_lock: [0x77, 0x76], kp_divide: [0xe04a, 0x77], kp_multiply: [0x7c, 0x7e], kp_subtract: [0x7b, 0x84],
  kp_7: [0x6c, 0x6c], kp_8: [0x75, 0x75], kp_9: [0x7d, 0x7d], kp_add: [0x79, 0x7c],
  kp_4: [0x6b, 0x6b], kp_5: [0x73, 0x73], kp_6: [0x74, 0x74],
  kp_1: [0x69, 0x69], kp_2: [0x72, 0x72], kp_3: [0x7a, 0x7a], kp_enter: [0xe05a, 0x79],
  kp_0: [0x70, 0x70], kp_decimal: [0x71, 0x71],

  ro: [0x51, 0x51], yen: [0x6a, 0x5d], henkan: [0x64, 0x86], muhenkan: [0x67, 0x85], katakanahiragana: [0x13, 0x87],
  kp_comma: [0x6d, 0x7b], kp_equals: [0x0f, 0x00],
  power: [0xe037, 0x00], sleep: [0xe03f, 0x00], wake: [0xe05e, 0x00],
  audiomute: [0xe023, 0x00], volumedown: [0xe021, 0x00], volumeup: [0xe032, 0x00], audioplay: [0xe034, 0x00],
  audiostop: [0xe03b, 0x00], audionext: [0xe04d, 0x00], audioprev: [0xe015, 0x00],

  // Second names of two keys.
  asterisk: [0x7c, 0x7e], sysrq: [0xe07c, 0x57],
  hiragana: [0x62, 0x00], stop: [0xe028, 0x00], mediaselect: [0xe050, 0x00], mail: [0xe048, 0x00],
  calculator: [0xe02b, 0x00], computer: [0xe040, 0x00], ac_home: [0xe03a, 0x00], ac_back: [0xe038, 0x00],
  ac_forward: [0xe030, 0x00], ac_refresh: [0xe020, 0x00], ac_bookmarks: [0xe018, 0x00],
  // Keys of other keyboards, which a PS/2 keyboard does not have.
  menu: [0, 0], again: [0, 0], props: [0, 0], undo: [0, 0], front: [0, 0], copy: [0, 0], open: [0, 0], paste: [0, 0],
  find: [0, 0], cut: [0, 0], lf: [0, 0], help: [0, 0], lang1: [0, 0], lang2: [0, 0],
};

/** Every key there is. */
export const KEY_NAMES: readonly KeyName[] = Object.keys(CODES) as KeyName[];

/** Whether a string names a key. */
export function isKeyName(name: string): name is KeyName {
  return Object.hasOwn(CODES, name);
}

/** Scan code set of a keyboard. */
export type ScanCodeSet = 1 | 2 | 3;

/** @returns the key's code in set 3, or 0 when it has none */
export function set3Code(key: KeyName): number {
  return CODES[key][1];
}

/** @returns the key's code in set 2, with its prefix in bits 15–8, or 0 when it has none */
export function set2Code(key: KeyName): number {
  return CODES[key][0];
}
