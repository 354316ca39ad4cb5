//! What the guests that die have in common: one line on COM1 first, so that one sees how far they came.
//!
//! Each is started by the hand-over of the `bootloader` crate 0.9: 64-bit code, an interrupt descriptor table without
//! entries, interrupts off, a stack of 2 MiB above a guard page.
#![no_std]

use core::arch::asm;
use core::fmt::{self, Write};
use core::panic::PanicInfo;

pub mod idt;

const COM1_PORT: u16 = 0x3f8;
const UART_LSR: u16 = 5;
const UART_LSR_THRE: u8 = 0x20;
const DEBUG_EXIT_PORT: u16 = 0xf4;
const EXIT_FAILED: u32 = 0x11;

/// Writes one byte to a port.
///
/// # Safety
/// The device behind the port must not make memory unsound by it.
pub unsafe fn write_port(port: u16, value: u8) {
    // SAFETY: the caller's.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack, preserves_flags)) }
}

/// Reads one byte from a port.
///
/// # Safety
/// As for [`write_port`].
pub unsafe fn read_port(port: u16) -> u8 {
    let value: u8;
    // SAFETY: the caller's.
    unsafe { asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags)) }
    value
}

struct Com1;

impl Write for Com1 {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            // SAFETY: these ports are the first UART's.
            unsafe {
                while read_port(COM1_PORT + UART_LSR) & UART_LSR_THRE == 0 {}
                write_port(COM1_PORT, byte);
            }
        }
        Ok(())
    }
}

/// Sets COM1 up (8 data bits, no parity, one stop bit) and says one line on it.
pub fn say(line: &str) {
    const SETUP: [(u16, u8); 7] = [(1, 0), (3, 0x80), (0, 1), (1, 0), (3, 0x03), (2, 0xc7), (4, 0x0b)];
    for (register, value) in SETUP {
        // SAFETY: these ports are the first UART's.
        unsafe { write_port(COM1_PORT + register, value) };
    }
    let _ = Com1.write_str(line);
    let _ = Com1.write_str("\r\n");
}

/// Stands still, interrupts off.
#[inline(never)]
pub fn halt() -> ! {
    loop {
        // SAFETY: stops the processor and touches nothing.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) }
    }
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let _ = write!(Com1, "{info}\r\n");
    // SAFETY: no other device of a PC decodes this port.
    unsafe { asm!("out dx, eax", in("dx") DEBUG_EXIT_PORT, in("eax") EXIT_FAILED, options(nomem, nostack)) }
    halt()
}
