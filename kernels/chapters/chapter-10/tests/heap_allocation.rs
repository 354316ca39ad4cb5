//! The cases of the heap, with the allocator of `linked_list_allocator`.
#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(parts::testing::run_all)]
#![reexport_test_harness_main = "run_cases"]

extern crate alloc;

mod cases;
#[path = "cases/long_lived.rs"]
mod long_lived;

use bootloader::{BootInfo, entry_point};
use core::panic::PanicInfo;
use linked_list_allocator::LockedHeap;
use parts::exit::stand_still;
use parts::heap::{self, HEAP_SIZE, HEAP_START};

#[global_allocator]
static ALLOCATOR: LockedHeap = LockedHeap::empty();

entry_point!(main);

fn main(boot_info: &'static BootInfo) -> ! {
    heap::map(boot_info, boot_info.physical_memory_offset);
    // SAFETY: the heap has just been mapped, and nobody else uses it.
    unsafe { ALLOCATOR.lock().init(HEAP_START, HEAP_SIZE) };
    run_cases();
    stand_still()
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    parts::testing::fail(info)
}
