//! Four page faults, each with the address and the error code that it must have. The handler has the processor go on with
//! the next one.
#![no_std]
#![no_main]
#![feature(abi_x86_interrupt)]

use core::arch::asm;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};
use lazy_static::lazy_static;
use parts::exit::{Verdict, leave};
use parts::{segments, serial_print, serial_println};
use x86_64::VirtAddr;
use x86_64::registers::control::Cr2;
use x86_64::structures::idt::{InterruptDescriptorTable, InterruptStackFrame, PageFaultErrorCode};

const UNMAPPED: u64 = 0xdead_beef;
const CONSTANT: &u64 = &0x1234_5678_9abc_def0;

struct Case {
    name: &'static str,
    access: fn(u64) -> !,
    address: u64,
    error_code: PageFaultErrorCode,
}

fn read(address: u64) -> ! {
    // SAFETY: none; that is the point. So it is with the others.
    unsafe { asm!("mov rax, [{}]", in(reg) address, out("rax") _) };
    panic!("{address:#x} can be read");
}

fn write(address: u64) -> ! {
    // SAFETY: see above.
    unsafe { asm!("mov dword ptr [{}], 1", in(reg) address) };
    panic!("{address:#x} can be written");
}

fn call(address: u64) -> ! {
    // SAFETY: see above.
    unsafe { asm!("call {}", in(reg) address) };
    panic!("{address:#x} can be called");
}

lazy_static! {
    static ref CASES: [Case; 4] = {
        let constant = &raw const *CONSTANT as u64;
        let protection = PageFaultErrorCode::PROTECTION_VIOLATION;
        let [write_code, fetch] = [PageFaultErrorCode::CAUSED_BY_WRITE, PageFaultErrorCode::INSTRUCTION_FETCH];
        [
            Case { name: "read", access: read, address: UNMAPPED, error_code: PageFaultErrorCode::empty() },
            Case { name: "write", access: write, address: UNMAPPED, error_code: write_code },
            Case { name: "write_to_constant", access: write, address: constant, error_code: protection | write_code },
            Case { name: "call_of_constant", access: call, address: constant, error_code: protection | fetch },
        ]
    };
    static ref TABLE: InterruptDescriptorTable = {
        let mut table = InterruptDescriptorTable::new();
        table.page_fault.set_handler_fn(on_page_fault);
        table
    };
}

static NEXT_CASE: AtomicUsize = AtomicUsize::new(0);

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    segments::load();
    TABLE.load();
    run_next()
}

extern "C" fn run_next() -> ! {
    let Some(case) = CASES.get(NEXT_CASE.load(Ordering::Relaxed)) else { leave(Verdict::Passed) };
    serial_print!("page_faults::{}...\t", case.name);
    (case.access)(case.address)
}

extern "x86-interrupt" fn on_page_fault(mut frame: InterruptStackFrame, error_code: PageFaultErrorCode) {
    let case = &CASES[NEXT_CASE.fetch_add(1, Ordering::Relaxed)];
    let address = Cr2::read().expect("CR2 should hold a canonical address");
    assert_eq!((address, error_code), (VirtAddr::new(case.address), case.error_code));
    serial_println!("[ok]");
    // SAFETY: nothing of the function that faulted is needed any more.
    unsafe { frame.as_mut().update(|frame| frame.instruction_pointer = VirtAddr::new(run_next as *const () as u64)) };
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    parts::testing::fail(info)
}
