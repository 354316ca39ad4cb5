//! A write to a constant. The loader maps read-only data without write permission and sets CR0.WP, so even ring 0
//! faults: a page fault whose error code says present, write.
#![no_std]
#![no_main]

use faults::{halt, say};

static CONSTANT: u64 = 1;

#[inline(never)]
fn write_to_a_constant() {
    // SAFETY: none; that is the point.
    unsafe { (&raw const CONSTANT).cast_mut().write_volatile(2) };
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("read-only-write: writing to a constant");
    write_to_a_constant();
    halt()
}
