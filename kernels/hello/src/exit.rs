//! Leaving the machine through QEMU's `isa-debug-exit` device: a value `v` written to its port ends the emulator
//! with exit status `(v << 1) | 1`.

use x86_64::instructions::{hlt, interrupts, port::Port};

const DEBUG_EXIT_PORT: u16 = 0xf4;

/// What a guest reports when it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum ExitCode {
    /// Exit status 33.
    Success = 0x10,
    /// Exit status 35.
    Failed = 0x11,
}

/// Leaves with `code`; on a machine without the exit device, stands still with interrupts off.
pub fn leave(code: ExitCode) -> ! {
    let mut port = Port::new(DEBUG_EXIT_PORT);
    // SAFETY: no other device of a PC decodes this port, and nothing is expected of it.
    unsafe { port.write(code as u32) };
    interrupts::disable();
    loop {
        hlt();
    }
}
