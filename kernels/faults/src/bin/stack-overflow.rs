//! Recursion without an end, into the guard page below the stack. The page fault cannot be delivered, for there is no
//! interrupt descriptor table; with one it would need a stack of its own (IST) to be.
#![no_std]
#![no_main]

use core::hint::black_box;
use faults::{halt, say};

#[inline(never)]
#[expect(unconditional_recursion, reason = "that is the point")]
fn recurse_for_ever(depth: u64) -> u64 {
    black_box(recurse_for_ever(black_box(depth + 1))) + depth
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("stack-overflow: recursing");
    black_box(recurse_for_ever(0));
    halt()
}
