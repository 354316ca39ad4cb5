export { initializeKeyboard } from './initialize-keyboard.ts';
export { Kbc8042, type Kbc8042Dependencies, KEYBOARD_BYTE_TICKS } from './kbc-8042.ts';
export { KbcError, type KbcErrorCode } from './kbc-error.ts';
export { KBC_DATA, KBC_STATUS } from './kbc-registers.ts';
export type { KbcControllerState, KbcState } from './kbc-state.ts';
export { KEYBOARD_BUFFER_SIZE } from './keyboard.ts';
export type { KeyboardState } from './keyboard-state.ts';
export { isKeyName, KEY_NAMES, type KeyName, type ScanCodeSet } from './keys.ts';
export { type KeyEvent, keysForText } from './text-keys.ts';
