//! Chapter 9, the other way: the level 4 table has itself among its entries, so that all tables are reachable.
#![no_std]
#![no_main]

mod show;

use bootloader::{BootInfo, entry_point};
use core::panic::PanicInfo;
use parts::exit::stand_still;
use parts::frames::UnusedFrames;
use parts::println;
use x86_64::VirtAddr;
use x86_64::structures::paging::{PageTable, RecursivePageTable};

entry_point!(main);

fn main(boot_info: &'static BootInfo) -> ! {
    println!("Hello World{}", "!");
    parts::set_up();
    let level_4 = VirtAddr::new(boot_info.recursive_page_table_addr);
    println!("the level 4 table is at {level_4:?}");
    // SAFETY: the loader has put it there, and these are the only mapper and the only allocator of frames.
    let (table, mut frames): (&mut PageTable, _) =
        unsafe { (&mut *level_4.as_mut_ptr(), UnusedFrames::new(&boot_info.memory_map)) };
    let mut tables = RecursivePageTable::new(table).expect("the table should have itself among its entries");
    show::translations(&tables, &[0xb8000, 0xb8123, main as *const () as u64, level_4.as_u64(), 0xdead_beef]);
    show::new_mapping(&mut tables, &mut frames);
    stand_still()
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    stand_still()
}
