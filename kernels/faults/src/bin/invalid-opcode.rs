//! The instruction that is defined to be undefined, two named functions deep.
#![no_std]
#![no_main]

use core::arch::asm;
use faults::say;

#[inline(never)]
fn outer_function() -> ! {
    inner_function()
}

#[inline(never)]
fn inner_function() -> ! {
    // SAFETY: raises an invalid-opcode exception.
    unsafe { asm!("ud2", options(noreturn)) };
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("invalid-opcode: executing ud2");
    outer_function()
}
