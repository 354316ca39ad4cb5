//! The cases of the heap, with the list of holes.
#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(parts::testing::run_all)]
#![reexport_test_harness_main = "run_cases"]

extern crate alloc;

#[path = "../../chapter-10/tests/cases/mod.rs"]
mod cases;
#[path = "../../chapter-10/tests/cases/long_lived.rs"]
mod long_lived;

use allocators::Locked;
use allocators::linked_list::LinkedList;
use bootloader::{BootInfo, entry_point};
use core::panic::PanicInfo;
use parts::exit::stand_still;
use parts::heap::{self, HEAP_SIZE, HEAP_START};

#[global_allocator]
static ALLOCATOR: Locked<LinkedList> = Locked::new(LinkedList::new());

entry_point!(main);

fn main(boot_info: &'static BootInfo) -> ! {
    heap::map(boot_info, boot_info.physical_memory_offset);
    // SAFETY: the heap has just been mapped, and nobody else uses it.
    unsafe { ALLOCATOR.add_heap(HEAP_START, HEAP_SIZE) };
    run_cases();
    stand_still()
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    parts::testing::fail(info)
}
