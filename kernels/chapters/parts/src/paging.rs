//! Chapter 9: page tables, where the loader has mapped all physical memory.

use x86_64::registers::control::Cr3;
use x86_64::structures::paging::page_table::FrameError;
use x86_64::structures::paging::{OffsetPageTable, PageTable, PhysFrame};
use x86_64::{PhysAddr, VirtAddr};

/// A table that lies in a frame.
fn table_in(frame: PhysFrame, physical_memory_offset: VirtAddr) -> *mut PageTable {
    (physical_memory_offset + frame.start_address().as_u64()).as_mut_ptr()
}

/// The tables that the processor uses, as a mapper.
///
/// # Safety
/// All physical memory must be mapped at `physical_memory_offset`, and there may be no other mapper of these tables.
pub unsafe fn active_tables(physical_memory_offset: VirtAddr) -> OffsetPageTable<'static> {
    let (level_4, _) = Cr3::read();
    // SAFETY: the caller's.
    unsafe { OffsetPageTable::new(&mut *table_in(level_4, physical_memory_offset), physical_memory_offset) }
}

/// Walks the tables by hand. Pages of 4 KiB only.
///
/// # Safety
/// All physical memory must be mapped at `physical_memory_offset`, and no table may change meanwhile.
pub unsafe fn walk(address: VirtAddr, physical_memory_offset: VirtAddr) -> Result<PhysAddr, FrameError> {
    let indexes = [address.p4_index(), address.p3_index(), address.p2_index(), address.p1_index()];
    let (mut frame, _) = Cr3::read();
    for index in indexes {
        // SAFETY: the caller's; the frame holds a table, since an entry of the table above it said so.
        let table = unsafe { &*table_in(frame, physical_memory_offset) };
        frame = table[index].frame()?;
    }
    Ok(frame.start_address() + u64::from(address.page_offset()))
}
