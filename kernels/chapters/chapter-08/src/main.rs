//! Chapter 8: introduction to paging. Where the level 4 table is, and what the processor says about an access that the
//! tables do not permit: code can be read, but not written.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use parts::exit::stand_still;
use parts::println;
use x86_64::registers::control::Cr3;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    println!("Hello World{}", "!");
    parts::set_up();
    let (level_4_table, _) = Cr3::read();
    println!("level 4 page table at {:?}", level_4_table.start_address());

    let code = _start as *const () as *mut u8;
    // SAFETY: none for the write; that is the point.
    unsafe {
        println!("code begins with {:#04x}", code.read_volatile());
        code.write_volatile(0xcc);
    }
    println!("code can be written");
    stand_still()
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    stand_still()
}
