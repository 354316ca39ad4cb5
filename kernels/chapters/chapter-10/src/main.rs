//! Chapter 10: heap allocation, with an allocator that others wrote.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::{boxed::Box, rc::Rc, vec, vec::Vec};
use bootloader::{BootInfo, entry_point};
use core::panic::PanicInfo;
use linked_list_allocator::LockedHeap;
use parts::exit::stand_still;
use parts::heap::{self, HEAP_SIZE, HEAP_START};
use parts::println;

#[global_allocator]
static ALLOCATOR: LockedHeap = LockedHeap::empty();

entry_point!(main);

fn main(boot_info: &'static BootInfo) -> ! {
    println!("Hello World{}", "!");
    parts::set_up();
    heap::map(boot_info, boot_info.physical_memory_offset);
    // SAFETY: the heap has just been mapped, and nobody else uses it.
    unsafe { ALLOCATOR.lock().init(HEAP_START, HEAP_SIZE) };

    let boxed = Box::new(41);
    println!("a box at {boxed:p} with {boxed}");
    let mut numbers: Vec<u32> = (0..500).collect();
    numbers.retain(|number| number % 7 == 3);
    println!("a vector at {:p} of {} numbers, {} together", numbers.as_ptr(), numbers.len(), numbers.iter().sum::<u32>());
    let counted = Rc::new(vec![1, 2, 3]);
    let clone = Rc::clone(&counted);
    println!("{} references to {clone:?}", Rc::strong_count(&counted));
    drop(counted);
    println!("{} reference now", Rc::strong_count(&clone));
    println!("{}", lengths_of_words("the quick brown fox jumps over the lazy dog"));
    println!("{} bytes of the heap used", ALLOCATOR.lock().used());
    stand_still()
}

fn lengths_of_words(text: &str) -> String {
    let mut words: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for word in text.split(' ') {
        words.entry(word.len()).or_default().push(word);
    }
    let groups: Vec<String> = words.iter().map(|(length, words)| length.to_string() + ": " + &words.join(" ")).collect();
    groups.join(", ")
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    stand_still()
}
