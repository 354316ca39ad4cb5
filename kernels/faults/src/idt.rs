//! Interrupt descriptor tables that are wrong on purpose.

use core::arch::asm;

/// A gate of 16 bytes, as the processor reads it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Gate {
    offset_low: u16,
    selector: u16,
    ist: u8,
    type_and_present: u8,
    offset_middle: u16,
    offset_high: u32,
    reserved: u32,
}

const PRESENT_INTERRUPT_GATE: u8 = 0x8e;
/// The code segment of the `bootloader` crate's descriptor table.
const LOADER_CODE_SELECTOR: u16 = 0x08;

impl Gate {
    /// An interrupt gate of ring 0 to `handler`, present whether or not there is anything at that address.
    pub const fn new(handler: u64) -> Self {
        Self {
            offset_low: handler as u16,
            selector: LOADER_CODE_SELECTOR,
            ist: 0,
            type_and_present: PRESENT_INTERRUPT_GATE,
            offset_middle: (handler >> 16) as u16,
            offset_high: (handler >> 32) as u32,
            reserved: 0,
        }
    }
}

#[repr(C, packed)]
struct Pointer {
    limit: u16,
    base: u64,
}

/// Loads a table that ends with its last gate: any higher vector is beyond the limit.
pub fn load(gates: &'static [Gate]) {
    let pointer = Pointer { limit: (size_of_val(gates) - 1) as u16, base: gates.as_ptr() as u64 };
    // SAFETY: no interrupt is open, and an exception is what these guests are after.
    unsafe { asm!("lidt [{}]", in(reg) &pointer, options(readonly, nostack, preserves_flags)) }
}
