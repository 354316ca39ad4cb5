//! Chapter 4: a test framework of one's own, as `core` has none. Results go to COM1.

use crate::exit::{Verdict, leave};
use crate::{serial_print, serial_println};
use core::any::type_name;
use core::panic::PanicInfo;

/// Something that panics if it fails: every function without parameters.
pub trait Case {
    /// Says its name, runs, says that it passed.
    fn run(&self);
}

impl<T: Fn()> Case for T {
    fn run(&self) {
        serial_print!("{}...\t", type_name::<T>());
        self();
        serial_println!("[ok]");
    }
}

/// Runs all cases and leaves: what `#![test_runner]` wants.
pub fn run_all(cases: &[&dyn Case]) {
    serial_println!("Running {} tests", cases.len());
    cases.iter().for_each(|case| case.run());
    leave(Verdict::Passed)
}

/// The end of a case that panicked, and of the whole run.
pub fn fail(info: &PanicInfo) -> ! {
    serial_println!("[failed]\n");
    serial_println!("Error: {info}\n");
    leave(Verdict::Failed)
}
