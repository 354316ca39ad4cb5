//! A call through a null function pointer: the instruction fetch faults at address 0, where no symbol is; the return
//! address on the stack tells who called.
#![no_std]
#![no_main]

use core::arch::asm;
use faults::{halt, say};

#[inline(never)]
fn call_through_null() {
    // SAFETY: none; that is the point.
    unsafe { asm!("call {}", in(reg) 0_u64) };
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("null-call: calling address 0");
    call_through_null();
    halt()
}
