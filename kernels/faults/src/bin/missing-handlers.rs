//! A complete interrupt descriptor table whose handlers are on a page that is not there, as after linking a kernel to
//! one address and mapping it at another. Every fault is delivered and its handler's fetch faults again, until the
//! frames have filled the stack and the guard page ends it: tens of thousands of exceptions, of which the first matters.
#![no_std]
#![no_main]

use core::arch::asm;
use faults::idt::{Gate, load};
use faults::{halt, say};

const HANDLERS_ON_A_MISSING_PAGE: u64 = 0x4444_4444_0000;

static GATES: [Gate; 32] = [Gate::new(HANDLERS_ON_A_MISSING_PAGE); 32];

#[inline(never)]
fn raise_a_breakpoint() {
    // SAFETY: raises a breakpoint exception and changes nothing else.
    unsafe { asm!("int3", options(nomem, nostack)) };
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("missing-handlers: raising a breakpoint");
    load(&GATES);
    raise_a_breakpoint();
    halt()
}
