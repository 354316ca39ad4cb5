//! A spin lock taken twice by the same code, as when an interrupt handler prints while the screen is locked.
#![no_std]
#![no_main]

use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, Ordering};
use faults::{halt, say};

static LOCKED: AtomicBool = AtomicBool::new(false);

#[inline(never)]
fn take_the_lock() {
    while LOCKED.swap(true, Ordering::Acquire) {
        spin_loop();
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("deadlock: taking a lock twice");
    take_the_lock();
    take_the_lock();
    halt()
}
