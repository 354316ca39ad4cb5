//! What a chapter's kernel takes over, unchanged, from the chapters before it. The features follow the chapters.
#![no_std]
#![cfg_attr(test, no_main)]
#![cfg_attr(feature = "exceptions", feature(abi_x86_interrupt))]
#![feature(custom_test_frameworks)]
#![test_runner(crate::testing::run_all)]
#![reexport_test_harness_main = "run_cases"]

// Chapter 3.
pub mod screen;

// Chapter 4.
#[cfg(feature = "serial")]
pub mod exit;
#[cfg(feature = "serial")]
pub mod serial;
#[cfg(feature = "serial")]
pub mod testing;

// Chapter 5.
#[cfg(feature = "exceptions")]
pub mod exceptions;

// Chapter 6.
#[cfg(feature = "double-faults")]
pub mod segments;

// Chapter 7.
#[cfg(feature = "interrupts")]
pub mod interrupts;
#[cfg(feature = "interrupts")]
pub mod keyboard;

// Chapter 9.
#[cfg(feature = "paging")]
pub mod frames;
#[cfg(feature = "paging")]
pub mod paging;

// Chapter 10.
#[cfg(feature = "heap")]
pub mod heap;

/// Sets the processor up as far as the chapters have come.
#[cfg(feature = "exceptions")]
pub fn set_up() {
    #[cfg(feature = "double-faults")]
    segments::load();
    exceptions::load();
    #[cfg(feature = "interrupts")]
    interrupts::start();
}

#[cfg(test)]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    #[cfg(feature = "exceptions")]
    set_up();
    run_cases();
    exit::stand_still()
}

#[cfg(test)]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    testing::fail(info)
}
