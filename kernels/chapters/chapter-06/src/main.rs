//! Chapter 6: double faults. The stack overflows; the page fault has no handler and could not be delivered on that stack
//! either, and the double fault's handler runs on a stack of its own and says what happened.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;
use parts::exit::stand_still;
use parts::{exceptions, println, segments};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    println!("Hello World{}", "!");
    segments::load();
    exceptions::load();
    x86_64::instructions::interrupts::int3();
    println!("Overflowing the stack");
    black_box(recurse_for_ever(0));
    println!("It came back");
    stand_still()
}

#[expect(unconditional_recursion, reason = "that is the point")]
fn recurse_for_ever(depth: u64) -> u64 {
    black_box(recurse_for_ever(black_box(depth + 1))) + depth
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    stand_still()
}
