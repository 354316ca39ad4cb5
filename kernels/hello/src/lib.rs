//! The guest of the first chapters of *Writing an OS in Rust*: a freestanding program that writes to the VGA
//! text buffer and to COM1 and leaves the machine through QEMU's `isa-debug-exit` port.
//!
//! Everything but the entry is here, so that each way of being loaded runs the same code.
#![no_std]

pub mod exit;
pub mod serial;
pub mod vga_buffer;

use core::panic::PanicInfo;
use exit::ExitCode;

/// Says hello on the screen and on COM1, then leaves with success.
pub fn run() -> ! {
    vga_buffer::clear_screen();
    println!("Hello World{}", "!");
    serial_println!("Hello World{}", "!");
    exit::leave(ExitCode::Success)
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    serial_println!("{info}");
    exit::leave(ExitCode::Failed)
}
