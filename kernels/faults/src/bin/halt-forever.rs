//! Interrupts off, then `hlt`: nothing but an NMI could wake it.
#![no_std]
#![no_main]

use faults::{halt, say};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("halt-forever: stopping with interrupts off");
    halt()
}
