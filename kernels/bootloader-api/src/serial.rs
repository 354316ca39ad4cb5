//! COM1, without interrupts.
use crate::machine::{read_port, write_port};
use core::fmt;

const COM1: u16 = 0x3f8;
const TRANSMITTER_EMPTY: u8 = 0x20;

pub struct Com1;

/// 115200 baud, 8 bits, no parity.
pub fn open() {
    for (offset, value) in [(3, 0x80), (0, 1), (1, 0), (3, 3)] {
        write_port(COM1 + offset, value);
    }
}

impl fmt::Write for Com1 {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            while read_port(COM1 + 5) & TRANSMITTER_EMPTY == 0 {}
            write_port(COM1, byte);
        }
        Ok(())
    }
}

/// Says one line.
#[macro_export]
macro_rules! say {
    ($($argument:tt)*) => {{
        use core::fmt::Write;
        let _ = writeln!($crate::serial::Com1, $($argument)*);
    }};
}
