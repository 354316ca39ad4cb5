//! A test binary with a case that fails, on purpose: it leaves with the other verdict, and later cases do not run.
#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(parts::testing::run_all)]
#![reexport_test_harness_main = "run_cases"]

use core::panic::PanicInfo;
use parts::exit::stand_still;

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
fn a_case_that_passes() {
    assert_eq!(6 * 7, 42);
}

#[test_case]
fn b_case_that_fails() {
    assert_eq!(6 * 9, 42, "the question was another one");
}

#[test_case]
fn c_case_that_never_runs() {}
