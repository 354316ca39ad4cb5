//! A panic, whose handler says where on COM1 and leaves with 0x11 (exit status 35).
#![no_std]
#![no_main]

use core::hint::black_box;
use faults::{halt, say};

#[inline(never)]
fn read_past_the_end(index: usize) -> u8 {
    [1, 2, 3][black_box(index)]
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("panic: reading past the end of an array");
    black_box(read_past_the_end(3));
    halt()
}
