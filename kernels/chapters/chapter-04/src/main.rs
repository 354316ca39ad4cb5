//! Chapter 4: testing. The kernel says hello; its test binary runs the cases and leaves with a verdict.
#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(parts::testing::run_all)]
#![reexport_test_harness_main = "run_cases"]

use core::panic::PanicInfo;
use parts::exit::stand_still;
use parts::println;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    println!("Hello World{}", "!");
    #[cfg(test)]
    run_cases();
    stand_still()
}

#[cfg(not(test))]
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    stand_still()
}

#[cfg(test)]
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    parts::testing::fail(info)
}

#[test_case]
fn trivial_assertion() {
    assert_eq!(1, 1);
}
