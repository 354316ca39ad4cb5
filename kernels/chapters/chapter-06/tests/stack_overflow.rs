//! The stack overflows, and the test has passed when the double fault's handler runs.
#![no_std]
#![no_main]
#![feature(abi_x86_interrupt)]

use core::hint::black_box;
use core::panic::PanicInfo;
use lazy_static::lazy_static;
use parts::exit::{Verdict, leave};
use parts::segments::{self, DOUBLE_FAULT_STACK};
use parts::{serial_print, serial_println};
use x86_64::structures::idt::{InterruptDescriptorTable, InterruptStackFrame};

lazy_static! {
    static ref TABLE: InterruptDescriptorTable = {
        let mut table = InterruptDescriptorTable::new();
        // SAFETY: the stack of that index is there, and nothing else runs on it.
        unsafe { table.double_fault.set_handler_fn(on_double_fault).set_stack_index(DOUBLE_FAULT_STACK) };
        table
    };
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    serial_print!("stack_overflow::stack_overflow...\t");
    segments::load();
    TABLE.load();
    black_box(recurse_for_ever(0));
    panic!("the recursion came back");
}

#[expect(unconditional_recursion, reason = "that is the point")]
fn recurse_for_ever(depth: u64) -> u64 {
    black_box(recurse_for_ever(black_box(depth + 1))) + depth
}

extern "x86-interrupt" fn on_double_fault(_frame: InterruptStackFrame, _error_code: u64) -> ! {
    serial_println!("[ok]");
    leave(Verdict::Passed)
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    parts::testing::fail(info)
}
