//! A reset by the chipset: port 0xcf9, reset as hard as it goes.
#![no_std]
#![no_main]

use faults::{halt, say, write_port};

const RESET_CONTROL_PORT: u16 = 0xcf9;

fn reset() {
    // SAFETY: ends the guest.
    unsafe {
        write_port(RESET_CONTROL_PORT, 0x02);
        write_port(RESET_CONTROL_PORT, 0x06);
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("reset-cf9: resetting by port 0xcf9");
    reset();
    halt()
}
