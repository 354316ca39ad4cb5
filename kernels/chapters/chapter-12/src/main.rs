//! Chapter 12: async and await. A task awaits a number, another what is typed.
#![no_std]
#![no_main]

extern crate alloc;

use bootloader::{BootInfo, entry_point};
use core::panic::PanicInfo;
use linked_list_allocator::LockedHeap;
use parts::exit::stand_still;
use parts::heap::{self, HEAP_SIZE, HEAP_START};
use parts::{interrupts, println};
use tasks::executor::Executor;
use tasks::simple_executor::SimpleExecutor;
use tasks::{Task, give_way, keys};

#[global_allocator]
static ALLOCATOR: LockedHeap = LockedHeap::empty();

entry_point!(main);

fn main(boot_info: &'static BootInfo) -> ! {
    println!("Hello World{}", "!");
    interrupts::on_scan_code(keys::push);
    parts::set_up();
    heap::map(boot_info, boot_info.physical_memory_offset);
    // SAFETY: the heap has just been mapped, and nobody else uses it.
    unsafe { ALLOCATOR.lock().init(HEAP_START, HEAP_SIZE) };

    let mut simple = SimpleExecutor::default();
    simple.spawn(Task::new(print_number("simple executor")));
    simple.spawn(Task::new(print_number("simple executor again")));
    println!("polled {} times", simple.run());

    let mut executor = Executor::default();
    executor.spawn(Task::new(print_number("executor")));
    executor.spawn(Task::new(keys::print_keys()));
    executor.run()
}

async fn number() -> u32 {
    give_way().await;
    42
}

async fn print_number(who: &str) {
    println!("{who}: async number: {}", number().await);
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    stand_still()
}
