//! Asks the loader for nothing.
#![no_std]
#![no_main]

bootloader_api::entry_point!(bootloader_api_report::report);

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    bootloader_api_report::fail(info)
}
