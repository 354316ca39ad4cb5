//! A division by zero with a handler whose page is not there. The divide error is delivered, fetching the handler
//! faults, and as the table ends after vector 0 that fault becomes a double fault and then a triple fault.
#![no_std]
#![no_main]

use core::arch::asm;
use faults::idt::{Gate, load};
use faults::{halt, say};

const HANDLER_ON_A_MISSING_PAGE: u64 = 0x4444_4444_0000;

static GATES: [Gate; 1] = [Gate::new(HANDLER_ON_A_MISSING_PAGE)];

#[inline(never)]
fn divide_by_zero() {
    // SAFETY: raises a divide error and changes nothing else. Rust's own `/` would panic before it divided.
    unsafe { asm!("div {0:e}", in(reg) 0, inout("eax") 1 => _, inout("edx") 0 => _, options(nomem, nostack)) };
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("divide-error: dividing by zero");
    load(&GATES);
    divide_by_zero();
    halt()
}
