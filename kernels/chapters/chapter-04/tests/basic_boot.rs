//! A test binary that does nothing before its cases: does printing work right after the start?
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
    run_cases();
    stand_still()
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    parts::testing::fail(info)
}

#[test_case]
fn printing_works() {
    println!("printed right after the start");
}
