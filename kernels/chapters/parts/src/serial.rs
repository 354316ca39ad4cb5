//! Chapter 4: COM1, for what shall leave the machine.

use core::fmt::{Arguments, Write};
use lazy_static::lazy_static;
use spin::Mutex;
use uart_16550::{Config, Uart16550Tty, backend::PioBackend};

const COM1_PORT: u16 = 0x3f8;

lazy_static! {
    /// The first serial port. Its first use sets the UART up, tests it, and panics if it does not work.
    static ref COM1: Mutex<Uart16550Tty<PioBackend>> = {
        // SAFETY: on a PC these eight ports belong to the first UART, and only this static drives it.
        let uart = unsafe { Uart16550Tty::new_port(COM1_PORT, Config::default()) };
        Mutex::new(uart.expect("COM1 should be a working 16550"))
    };
}

#[doc(hidden)]
pub fn print(arguments: Arguments) {
    let print = || COM1.lock().write_fmt(arguments).expect("COM1 should take text");
    #[cfg(feature = "interrupts")]
    x86_64::instructions::interrupts::without_interrupts(print);
    #[cfg(not(feature = "interrupts"))]
    print();
}

/// Prints to COM1.
#[macro_export]
macro_rules! serial_print {
    ($($argument:tt)*) => { $crate::serial::print(format_args!($($argument)*)) };
}

/// Prints to COM1 and ends the line.
#[macro_export]
macro_rules! serial_println {
    () => { $crate::serial_print!("\n") };
    ($($argument:tt)*) => { $crate::serial_print!("{}\n", format_args!($($argument)*)) };
}
