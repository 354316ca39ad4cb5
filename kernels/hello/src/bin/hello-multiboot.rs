//! The entry for Multiboot 1 loaders: `multiboot.s` brings the processor from 32-bit protected mode into long mode.
#![no_std]
#![no_main]

core::arch::global_asm!(include_str!("../multiboot.s"), main = sym main);

extern "C" fn main(_information: u64) -> ! {
    hello::run()
}
