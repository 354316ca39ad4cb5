//! The cases of the heap, with the bump allocator.
#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(parts::testing::run_all)]
#![reexport_test_harness_main = "run_cases"]

extern crate alloc;

#[path = "../../chapter-10/tests/cases/mod.rs"]
mod cases;

use allocators::Locked;
use allocators::bump::Bump;
use bootloader::{BootInfo, entry_point};
use core::panic::PanicInfo;
use parts::exit::stand_still;
use parts::heap::{self, HEAP_SIZE, HEAP_START};

#[global_allocator]
static ALLOCATOR: Locked<Bump> = Locked::new(Bump::new());

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

/// One box that lives on, and the rest of the heap can be used once only.
#[test_case]
fn nothing_is_used_again_while_a_box_lives() {
    let long_lived = alloc::boxed::Box::new(1);
    let mut room = alloc::vec::Vec::<u8>::new();
    assert!(room.try_reserve_exact(HEAP_SIZE * 2 / 3).is_ok());
    drop(room);
    let mut room = alloc::vec::Vec::<u8>::new();
    assert!(room.try_reserve_exact(HEAP_SIZE * 2 / 3).is_err());
    drop(long_lived);
    assert!(room.try_reserve_exact(HEAP_SIZE).is_ok());
}
