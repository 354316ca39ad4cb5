//! What both kernels show with their mappers.

use core::fmt::Debug;
use parts::println;
use x86_64::structures::paging::{FrameAllocator, Mapper, Page, PageTableFlags, PhysFrame, Size4KiB, Translate};
use x86_64::{PhysAddr, VirtAddr};

const TEXT_BUFFER: u64 = 0xb8000;
const NEW_PAGE: u64 = 0x7777_1234_5000;
/// Goes to a row that is blank, below the first, as what is printed later moves it up.
const MESSAGE_CELL: usize = 5 * 80;
const MESSAGE: &[u8] = b"Written through a new page";
const BLACK_ON_GREEN: u8 = 0x20;

/// Prints where some addresses are mapped to.
pub fn translations(tables: &impl Translate, addresses: &[u64]) {
    for &address in addresses {
        println!("{address:#x} -> {:?}", tables.translate_addr(VirtAddr::new(address)));
    }
}

/// Maps a page to the text buffer and writes through it; then takes it away.
pub fn new_mapping(tables: &mut (impl Mapper<Size4KiB> + Translate), frames: &mut impl FrameAllocator<Size4KiB>) {
    let page = Page::containing_address(VirtAddr::new(NEW_PAGE));
    let frame = PhysFrame::containing_address(PhysAddr::new(TEXT_BUFFER));
    let flags = PageTableFlags::PRESENT | PageTableFlags::WRITABLE;
    // SAFETY: the page is unused, and what is written to the frame are cells of the screen.
    unsafe { tables.map_to(page, frame, flags, frames).expect("the page should be free").flush() };
    println!("mapped {NEW_PAGE:#x} -> {:?}", tables.translate_addr(page.start_address()));
    let cells: *mut [u8; 2] = page.start_address().as_mut_ptr();
    for (column, &character) in MESSAGE.iter().enumerate() {
        // SAFETY: cells of the screen, by way of the page that has just been mapped.
        unsafe { cells.add(MESSAGE_CELL + column).write_volatile([character, BLACK_ON_GREEN]) };
    }
    // SAFETY: as before; and it fails.
    let second = unsafe { tables.map_to(page, frame, flags, frames) }.map(|flush| flush.flush());
    println!("mapped again: {:?}", Failure(second.err()));
    let (freed, flush) = tables.unmap(page).expect("the page should be mapped");
    flush.flush();
    println!("unmapped from {:?}, now {:?}", freed.start_address(), tables.translate_addr(page.start_address()));
}

/// An error without what is in it.
struct Failure<T>(Option<T>);

impl<T: Debug> Debug for Failure<T> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter) -> core::fmt::Result {
        match &self.0 {
            Some(error) => write!(formatter, "{error:?}"),
            None => write!(formatter, "no error"),
        }
    }
}
