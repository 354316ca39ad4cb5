//! A loop that does nothing and never ends.
#![no_std]
#![no_main]

use core::hint::spin_loop;
use faults::say;

#[inline(never)]
fn spin_for_ever() -> ! {
    loop {
        spin_loop();
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("endless-loop: spinning");
    spin_for_ever()
}
