/**
 * POST's part for the keyboard controller and the keyboard: self-tests, reset, scanning on, set 1 by translation, IRQ 1 on.
 *
 * @source Intel 8042 as programmed in the IBM PC AT Technical Reference, "Keyboard Controller" and "Keyboard"
 */
import type { Firmware } from '../firmware.ts';
import { PORT_KBC_COMMAND, PORT_KBC_DATA } from '../ports.ts';

const STATUS_OUTPUT_FULL = 0x01;
const STATUS_INPUT_FULL = 0x02;
/** A port without a device reads all ones. */
const STATUS_ABSENT = 0xff;
const COMMAND_WRITE_COMMAND_BYTE = 0x60;
const COMMAND_DISABLE_MOUSE = 0xa7;
const COMMAND_SELF_TEST = 0xaa;
const COMMAND_TEST_KEYBOARD = 0xab;
const COMMAND_DISABLE_KEYBOARD = 0xad;
const COMMAND_ENABLE_KEYBOARD = 0xae;
const KEYBOARD_RESET = 0xff;
const KEYBOARD_ENABLE = 0xf4;
const REPLY_SELF_TEST = 0x55;
const REPLY_ACKNOWLEDGE = 0xfa;
const REPLY_TEST_PASSED = 0xaa;
/** Translation, mouse off, system flag, no interrupts: while POST polls. */
const COMMAND_BYTE_DURING_POST = 0x64;
/** The same with the keyboard's interrupt. */
const COMMAND_BYTE = 0x65;
const MAX_FLUSHED_BYTES = 32;
const MILLISECOND = 1_000_000;

type Step = (firmware: Firmware) => 'done' | 'wait';

function status({ ports }: Firmware): number {
  return ports.readPort(PORT_KBC_COMMAND, 8) & 0xff;
}

/** Waits until `isReady`, but no longer than `limit` ticks. */
function waitUntil(limit: number, isReady: Step): Step {
  return (firmware) => {
    const { clock, state } = firmware;
    if (status(firmware) === STATUS_ABSENT || isReady(firmware) === 'done') return 'done';
    state.deadlines.post ??= clock.now + limit;
    return clock.now < state.deadlines.post ? 'wait' : 'done';
  };
}

/** Writes a byte when the input buffer is free, or at the latest after 10 ms. */
function write(port: number, value: number): readonly Step[] {
  return [
    waitUntil(10 * MILLISECOND, (firmware) => ((status(firmware) & STATUS_INPUT_FULL) === 0 ? 'done' : 'wait')),
    (firmware) => {
      if (status(firmware) !== STATUS_ABSENT) firmware.ports.writePort(port, 8, value);
      return 'done';
    },
  ];
}

/** Takes bytes until the expected one came. */
function expectReply(value: number, limit: number): Step {
  return waitUntil(limit, (firmware) => {
    for (let i = 0; i < MAX_FLUSHED_BYTES && (status(firmware) & STATUS_OUTPUT_FULL) !== 0; i++) {
      if ((firmware.ports.readPort(PORT_KBC_DATA, 8) & 0xff) === value) return 'done';
    }
    return 'wait';
  });
}

const flush: Step = (firmware) => {
  for (let i = 0; i < MAX_FLUSHED_BYTES && (status(firmware) & STATUS_OUTPUT_FULL) !== 0; i++) {
    firmware.ports.readPort(PORT_KBC_DATA, 8);
  }
  return 'done';
};

/** The steps, in order. Without a controller (status FFh) each is done at once. */
export const KEYBOARD_STEPS: readonly Step[] = [
  ...write(PORT_KBC_COMMAND, COMMAND_DISABLE_KEYBOARD),
  ...write(PORT_KBC_COMMAND, COMMAND_DISABLE_MOUSE),
  flush,
  ...write(PORT_KBC_COMMAND, COMMAND_SELF_TEST),
  expectReply(REPLY_SELF_TEST, 200 * MILLISECOND),
  ...write(PORT_KBC_COMMAND, COMMAND_TEST_KEYBOARD),
  expectReply(0x00, 20 * MILLISECOND),
  ...write(PORT_KBC_COMMAND, COMMAND_WRITE_COMMAND_BYTE),
  ...write(PORT_KBC_DATA, COMMAND_BYTE_DURING_POST),
  ...write(PORT_KBC_COMMAND, COMMAND_ENABLE_KEYBOARD),
  ...write(PORT_KBC_DATA, KEYBOARD_RESET),
  expectReply(REPLY_ACKNOWLEDGE, 50 * MILLISECOND),
  expectReply(REPLY_TEST_PASSED, 1000 * MILLISECOND),
  ...write(PORT_KBC_DATA, KEYBOARD_ENABLE),
  expectReply(REPLY_ACKNOWLEDGE, 50 * MILLISECOND),
  flush,
  ...write(PORT_KBC_COMMAND, COMMAND_WRITE_COMMAND_BYTE),
  ...write(PORT_KBC_DATA, COMMAND_BYTE),
  // The interrupt of a byte that came in between would wait behind the mask with nothing to read.
  flush,
];
