//! Chapter 10: memory for an allocator.

use x86_64::VirtAddr;
use x86_64::structures::paging::mapper::MapToError;
use x86_64::structures::paging::{FrameAllocator, Mapper, Page, PageTableFlags, Size4KiB};

/// Where the heap is: an address that is easy to recognize.
pub const HEAP_START: usize = 0x4444_4444_0000;
pub const HEAP_SIZE: usize = 100 * 1024;

/// Gives the pages of the heap frames.
pub fn map_pages(
    mapper: &mut impl Mapper<Size4KiB>,
    frames: &mut impl FrameAllocator<Size4KiB>,
) -> Result<(), MapToError<Size4KiB>> {
    let start = VirtAddr::new(HEAP_START as u64);
    let first = Page::containing_address(start);
    let last = Page::containing_address(start + (HEAP_SIZE as u64 - 1));
    for page in Page::range_inclusive(first, last) {
        let frame = frames.allocate_frame().ok_or(MapToError::FrameAllocationFailed)?;
        let flags = PageTableFlags::PRESENT | PageTableFlags::WRITABLE;
        // SAFETY: the frame is unused, and so is the page.
        unsafe { mapper.map_to(page, frame, flags, frames)?.flush() };
    }
    Ok(())
}

/// Maps the heap with the loader's tables and memory map.
///
/// # Panics
/// If there is no memory, or something is there already.
pub fn map(boot_info: &'static bootloader::BootInfo, physical_memory_offset: u64) {
    // SAFETY: the loader has mapped physical memory there, and this is the only mapper and the only allocator of frames.
    let (mut mapper, mut frames) = unsafe {
        let mapper = crate::paging::active_tables(VirtAddr::new(physical_memory_offset));
        (mapper, crate::frames::UnusedFrames::new(&boot_info.memory_map))
    };
    map_pages(&mut mapper, &mut frames).expect("the heap's pages should be free");
}
