//! A list of free blocks for each of some sizes. A block that is not there, and everything larger, comes from a linked
//! list of holes.

use crate::Allocator;
use crate::linked_list::LinkedList;
use core::alloc::Layout;
use core::ptr::NonNull;

/// Powers of two, so that each is an alignment too; the first has room for a link.
const SIZES: [usize; 9] = [8, 16, 32, 64, 128, 256, 512, 1024, 2048];

struct Block {
    next: Option<NonNull<Block>>,
}

pub struct FixedSizeBlocks {
    free: [Option<NonNull<Block>>; SIZES.len()],
    rest: LinkedList,
}

// SAFETY: the blocks belong to the lists.
unsafe impl Send for FixedSizeBlocks {}

/// The smallest size that will do.
fn class_of(layout: Layout) -> Option<usize> {
    let needed = layout.size().max(layout.align());
    SIZES.iter().position(|&size| size >= needed)
}

impl FixedSizeBlocks {
    /// One without a heap.
    pub const fn new() -> Self {
        Self { free: [None; SIZES.len()], rest: LinkedList::new() }
    }
}

impl Default for FixedSizeBlocks {
    fn default() -> Self {
        Self::new()
    }
}

impl Allocator for FixedSizeBlocks {
    unsafe fn add_heap(&mut self, start: usize, size: usize) {
        // SAFETY: the caller's.
        unsafe { self.rest.add_heap(start, size) };
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let Some(class) = class_of(layout) else { return self.rest.allocate(layout) };
        if let Some(block) = self.free[class] {
            // SAFETY: the block is in the list, so nobody else uses it.
            self.free[class] = unsafe { block.as_ref() }.next;
            return Some(block.cast());
        }
        let block = Layout::from_size_align(SIZES[class], SIZES[class]).ok()?;
        self.rest.allocate(block)
    }

    unsafe fn free(&mut self, memory: NonNull<u8>, layout: Layout) {
        match class_of(layout) {
            Some(class) => {
                let block = memory.cast::<Block>();
                // SAFETY: the caller gives it back, and it has the size and the alignment of its class.
                unsafe { block.write(Block { next: self.free[class] }) };
                self.free[class] = Some(block);
            }
            // SAFETY: it came from there.
            None => unsafe { self.rest.free(memory, layout) },
        }
    }
}
