//! Chapter 7: the timer and the keyboard, by way of two 8259 interrupt controllers.

use crate::{keyboard, print};
use pic8259::ChainedPics;
use spin::Mutex;
use x86_64::instructions::{interrupts, port::Port};
use x86_64::structures::idt::{InterruptDescriptorTable, InterruptStackFrame};

/// The first vector behind those of exceptions.
const MASTER_VECTOR: u8 = 32;
const SLAVE_VECTOR: u8 = MASTER_VECTOR + 8;
const TIMER_VECTOR: u8 = MASTER_VECTOR;
const KEYBOARD_VECTOR: u8 = MASTER_VECTOR + 1;
const KEYBOARD_DATA_PORT: u16 = 0x60;

// SAFETY: both ranges lie behind the exceptions' vectors and do not overlap.
static CONTROLLERS: Mutex<ChainedPics> = Mutex::new(unsafe { ChainedPics::new(MASTER_VECTOR, SLAVE_VECTOR) });

/// What is done with a byte of the keyboard.
static ON_SCAN_CODE: Mutex<fn(u8)> = Mutex::new(keyboard::echo);

/// Has `handler` called, in the interrupt, for each byte of the keyboard, instead of showing what was typed.
pub fn on_scan_code(handler: fn(u8)) {
    interrupts::without_interrupts(|| *ON_SCAN_CODE.lock() = handler);
}

pub(crate) fn enter_handlers(table: &mut InterruptDescriptorTable) {
    table[TIMER_VECTOR].set_handler_fn(on_timer);
    table[KEYBOARD_VECTOR].set_handler_fn(on_keyboard);
}

/// Moves the controllers' vectors away from the exceptions' and lets interrupts in.
pub(crate) fn start() {
    // SAFETY: the table has handlers for the interrupts that the firmware left open and that come.
    unsafe { CONTROLLERS.lock().initialize() };
    interrupts::enable();
}

fn acknowledge(vector: u8) {
    // SAFETY: the interrupt of that vector is the one in service.
    unsafe { CONTROLLERS.lock().notify_end_of_interrupt(vector) };
}

extern "x86-interrupt" fn on_timer(_frame: InterruptStackFrame) {
    print!(".");
    acknowledge(TIMER_VECTOR);
}

extern "x86-interrupt" fn on_keyboard(_frame: InterruptStackFrame) {
    let mut port = Port::new(KEYBOARD_DATA_PORT);
    // SAFETY: the keyboard has a byte there, and waits until it is read.
    let code: u8 = unsafe { port.read() };
    ON_SCAN_CODE.lock()(code);
    acknowledge(KEYBOARD_VECTOR);
}
