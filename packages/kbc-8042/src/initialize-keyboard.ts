import type { PortDevice } from '@longmode/device';
import {
  COMMAND_BYTE_AUX_DISABLE,
  COMMAND_BYTE_KEYBOARD_IRQ,
  COMMAND_BYTE_SYSTEM_FLAG,
  COMMAND_BYTE_TRANSLATE,
  KBC_DATA,
  KBC_STATUS,
  SELF_TEST,
  TEST_KEYBOARD,
  WRITE_COMMAND_BYTE,
} from './kbc-registers.ts';

/**
 * Brings the controller into the state in which firmware leaves it: self-test done, keyboard enabled and translated to
 * scan code set 1, IRQ 1 on, auxiliary port off. It reads the answers to its commands.
 *
 * @param device the controller, or anything that answers its ports at the same offsets
 */
export function initializeKeyboard(device: PortDevice): void {
  for (const command of [SELF_TEST, TEST_KEYBOARD]) {
    device.writePort(KBC_STATUS, 8, command);
    device.readPort(KBC_DATA, 8);
  }
  device.writePort(KBC_STATUS, 8, WRITE_COMMAND_BYTE);
  device.writePort(
    KBC_DATA,
    8,
    COMMAND_BYTE_KEYBOARD_IRQ | COMMAND_BYTE_SYSTEM_FLAG | COMMAND_BYTE_AUX_DISABLE | COMMAND_BYTE_TRANSLATE,
  );
}
