//! A reset by the keyboard controller: command 0xfe, which pulses the processor's reset line.
#![no_std]
#![no_main]

use faults::{halt, read_port, say, write_port};

const KEYBOARD_CONTROLLER_PORT: u16 = 0x64;
const INPUT_BUFFER_FULL: u8 = 0x02;

fn reset() {
    // SAFETY: ends the guest.
    unsafe {
        while read_port(KEYBOARD_CONTROLLER_PORT) & INPUT_BUFFER_FULL != 0 {}
        write_port(KEYBOARD_CONTROLLER_PORT, 0xfe);
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("reset-keyboard: resetting by the keyboard controller");
    reset();
    halt()
}
