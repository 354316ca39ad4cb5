//! A jump to an address whose upper bits are no copy of bit 47: a general protection fault at the jump itself.
#![no_std]
#![no_main]

use core::arch::asm;
use faults::say;

#[inline(never)]
fn jump_out_of_the_address_space() -> ! {
    // SAFETY: none; that is the point.
    unsafe { asm!("jmp {}", in(reg) 0x8000_0000_0000_u64, options(noreturn)) };
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    say("non-canonical-jump: jumping to 0x800000000000");
    jump_out_of_the_address_space()
}
