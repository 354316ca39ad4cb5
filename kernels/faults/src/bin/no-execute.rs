//! A jump into a variable. The loader maps data with XD: a page fault whose error code says present, instruction
//! fetch.
#![no_std]
#![no_main]

use core::arch::asm;
use core::sync::atomic::AtomicU16;
use faults::{halt, say};

/// `jmp $`, if it could be executed.
static CODE: AtomicU16 = AtomicU16::new(0xfeeb);

#[inline(never)]
fn call_a_variable() {
    // SAFETY: none; that is the point.
    unsafe { asm!("call {}", in(reg) CODE.as_ptr()) };
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("no-execute: calling a variable");
    call_a_variable();
    halt()
}
