//! The entry for the `bootloader` crate: 64-bit code on the loader's stack, a `BootInfo` in RDI.
#![no_std]
#![no_main]

use bootloader::{BootInfo, entry_point};

entry_point!(main);

fn main(_boot_info: &'static BootInfo) -> ! {
    hello::run()
}
