//! Chapter 9: a paging implementation, where the loader maps all physical memory at an offset.
#![no_std]
#![no_main]

mod show;

use bootloader::{BootInfo, entry_point};
use core::panic::PanicInfo;
use parts::exit::stand_still;
use parts::frames::UnusedFrames;
use parts::{paging, println};
use x86_64::VirtAddr;

entry_point!(main);

fn main(boot_info: &'static BootInfo) -> ! {
    println!("Hello World{}", "!");
    parts::set_up();
    let offset = VirtAddr::new(boot_info.physical_memory_offset);
    println!("physical memory is mapped at {offset:?}");
    // SAFETY: the loader has mapped physical memory there, and nothing changes the tables meanwhile.
    let walk = |address: u64| unsafe { paging::walk(VirtAddr::new(address), offset) };
    for address in [0xb8000, main as *const () as u64, 0xdead_beef] {
        println!("by hand: {address:#x} -> {:?}", walk(address));
    }
    let local = 0x600d_cafe_u64;
    let place = walk(&raw const local as u64).expect("the stack should be mapped");
    // SAFETY: the frame is the stack's, seen at its other address.
    let seen = unsafe { (offset + place.as_u64()).as_ptr::<u64>().read_volatile() };
    println!("by hand: {:p} -> a frame whose byte {:#x} begins {seen:#x}", &raw const local, place.as_u64() & 0xfff);
    // SAFETY: as above, and these are the only mapper and the only allocator of frames.
    let (mut tables, mut frames) =
        unsafe { (paging::active_tables(offset), UnusedFrames::new(&boot_info.memory_map)) };
    show::translations(&tables, &[0xb8000, 0xb8123, main as *const () as u64, offset.as_u64(), offset.as_u64() + 0x20_1008]);
    show::new_mapping(&mut tables, &mut frames);
    stand_still()
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    stand_still()
}
