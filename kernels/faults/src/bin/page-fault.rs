//! A write to an address that nothing is mapped at, without an interrupt descriptor table: page fault, double fault,
//! triple fault. CR2 holds the address.
#![no_std]
#![no_main]

use faults::{halt, say};

#[inline(never)]
fn write_to_nowhere() {
    // SAFETY: none; that is the point.
    unsafe { (0xdead_beef as *mut u64).write_volatile(42) };
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("page-fault: writing to 0xdeadbeef");
    write_to_nowhere();
    halt()
}
