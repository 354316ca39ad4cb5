//! Chapter 5: CPU exceptions. A breakpoint is raised, its handler prints the frame, and the kernel goes on.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use parts::exit::stand_still;
use parts::{exceptions, println};
use x86_64::instructions::interrupts::int3;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    println!("Hello World{}", "!");
    exceptions::load();
    int3();
    println!("It did not crash!");
    stand_still()
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    stand_still()
}
