//! Chapter 7: hardware interrupts. The timer prints dots, the keyboard what is typed, and in between the processor sleeps.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use parts::exit::stand_still;
use parts::println;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    println!("Hello World{}", "!");
    parts::set_up();
    println!("It did not crash!");
    stand_still()
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    stand_still()
}
