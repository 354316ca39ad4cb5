//! Chapter 9: physical memory that nobody has.

use bootloader::bootinfo::{MemoryMap, MemoryRegionType};
use x86_64::PhysAddr;
use x86_64::structures::paging::{FrameAllocator, PhysFrame, Size4KiB};

const FRAME_SIZE: usize = 4096;

/// Hands out the frames of the loader's memory map that are usable, each once and none back.
pub struct UnusedFrames {
    memory_map: &'static MemoryMap,
    taken: usize,
}

impl UnusedFrames {
    /// # Safety
    /// What the map calls usable must be used by nobody, and there may be no other allocator of it.
    pub unsafe fn new(memory_map: &'static MemoryMap) -> Self {
        Self { memory_map, taken: 0 }
    }

    fn addresses(&self) -> impl Iterator<Item = u64> + use<> {
        let regions = self.memory_map.iter().filter(|region| region.region_type == MemoryRegionType::Usable);
        regions.flat_map(|region| (region.range.start_addr()..region.range.end_addr()).step_by(FRAME_SIZE))
    }
}

// SAFETY: each frame is of a usable region, and the count of those taken only grows.
unsafe impl FrameAllocator<Size4KiB> for UnusedFrames {
    fn allocate_frame(&mut self) -> Option<PhysFrame> {
        let address = self.addresses().nth(self.taken)?;
        self.taken += 1;
        Some(PhysFrame::containing_address(PhysAddr::new(address)))
    }
}
