//! Chapters 5 to 8: the interrupt descriptor table and what happens on exceptions.

use crate::println;
use lazy_static::lazy_static;
use x86_64::structures::idt::{InterruptDescriptorTable, InterruptStackFrame};

lazy_static! {
    static ref TABLE: InterruptDescriptorTable = {
        let mut table = InterruptDescriptorTable::new();
        table.breakpoint.set_handler_fn(on_breakpoint);
        #[cfg(feature = "double-faults")]
        // SAFETY: the stack of that index is there, and nothing else runs on it.
        unsafe {
            table.double_fault.set_handler_fn(on_double_fault).set_stack_index(crate::segments::DOUBLE_FAULT_STACK);
        }
        #[cfg(feature = "interrupts")]
        crate::interrupts::enter_handlers(&mut table);
        #[cfg(feature = "page-faults")]
        table.page_fault.set_handler_fn(on_page_fault);
        table
    };
}

/// Has the processor use the table.
pub fn load() {
    TABLE.load();
}

extern "x86-interrupt" fn on_breakpoint(frame: InterruptStackFrame) {
    println!("EXCEPTION: BREAKPOINT\n{frame:#?}");
}

#[cfg(feature = "double-faults")]
extern "x86-interrupt" fn on_double_fault(frame: InterruptStackFrame, error_code: u64) -> ! {
    panic!("EXCEPTION: DOUBLE FAULT, error code {error_code}\n{frame:#?}");
}

#[cfg(feature = "page-faults")]
extern "x86-interrupt" fn on_page_fault(
    frame: InterruptStackFrame,
    error_code: x86_64::structures::idt::PageFaultErrorCode,
) {
    let address = x86_64::registers::control::Cr2::read();
    println!("EXCEPTION: PAGE FAULT");
    println!("accessed address: {address:?}");
    println!("error code: {error_code:?}");
    println!("{frame:#?}");
    crate::exit::stand_still();
}

#[cfg(test)]
mod tests {
    use x86_64::instructions::interrupts::int3;

    #[test_case]
    fn a_breakpoint_is_no_end() {
        int3();
    }
}
