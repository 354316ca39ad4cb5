//! Chapter 11: allocator designs. The same requests to each of the three, and where they put them.
#![no_std]
#![no_main]

extern crate alloc;

use allocators::bump::Bump;
use allocators::fixed_size_blocks::FixedSizeBlocks;
use allocators::linked_list::LinkedList;
use allocators::{Allocator, Locked};
use alloc::{boxed::Box, rc::Rc, vec::Vec};
use bootloader::{BootInfo, entry_point};
use core::alloc::Layout;
use core::panic::PanicInfo;
use parts::exit::stand_still;
use parts::heap::{self, HEAP_SIZE, HEAP_START};
use parts::{print, println};

/// The beginning of the heap is for the kernel's own allocator, the rest for those that are looked at.
const OWN_SIZE: usize = HEAP_SIZE / 2;
const LOOKED_AT_SIZE: usize = 16 * 1024;

#[global_allocator]
static ALLOCATOR: Locked<FixedSizeBlocks> = Locked::new(FixedSizeBlocks::new());

entry_point!(main);

fn main(boot_info: &'static BootInfo) -> ! {
    println!("Hello World{}", "!");
    parts::set_up();
    heap::map(boot_info, boot_info.physical_memory_offset);
    // SAFETY: the heap has just been mapped, and nobody else uses its first part.
    unsafe { ALLOCATOR.add_heap(HEAP_START, OWN_SIZE) };

    let boxed = Box::new(41);
    println!("a box at {boxed:p} with {boxed}");
    let numbers: Rc<Vec<u32>> = Rc::new((0..500).collect());
    println!("a vector at {:p}, {} together", numbers.as_ptr(), Rc::clone(&numbers).iter().sum::<u32>());

    // SAFETY: nobody uses the second part, and each of the three gets another piece of it.
    unsafe {
        look_at("bump", &mut Bump::new(), 0);
        look_at("linked list", &mut LinkedList::new(), 1);
        look_at("fixed-size blocks", &mut FixedSizeBlocks::new(), 2);
    }
    println!("done");
    stand_still()
}

/// Prints where an allocator puts things, relative to its heap.
///
/// # Safety
/// Called once for each number of a piece.
unsafe fn look_at(name: &str, allocator: &mut impl Allocator, piece: usize) {
    let start = HEAP_START + OWN_SIZE + piece * LOOKED_AT_SIZE;
    // SAFETY: the caller's.
    unsafe { allocator.add_heap(start, LOOKED_AT_SIZE) };
    print!("{name}:");
    let layouts = [(1, 1), (24, 8), (100, 64), (3000, 16), (24, 8)].map(|(size, align)| {
        Layout::from_size_align(size, align).expect("each alignment is a power of two")
    });
    let allocated = layouts.map(|layout| {
        let memory = allocator.allocate(layout).expect("the heap should have room for all");
        print!(" {:#x}", memory.as_ptr() as usize - start);
        (memory, layout)
    });
    for (memory, layout) in allocated {
        // SAFETY: allocated just now, and never used.
        unsafe { allocator.free(memory, layout) };
    }
    let again = layouts.map(|layout| allocator.allocate(layout).map(|memory| memory.as_ptr() as usize - start));
    println!(" and again {:x?}", again.map(|place| place.unwrap_or(usize::MAX)));
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    stand_still()
}
