//! One address, below which everything is taken. It goes back to the beginning when nothing is in use any more.

use crate::{Allocator, align_up};
use core::alloc::Layout;
use core::ptr::NonNull;

pub struct Bump {
    start: usize,
    end: usize,
    next: usize,
    in_use: usize,
}

impl Bump {
    /// One without a heap.
    pub const fn new() -> Self {
        Self { start: 0, end: 0, next: 0, in_use: 0 }
    }
}

impl Default for Bump {
    fn default() -> Self {
        Self::new()
    }
}

impl Allocator for Bump {
    unsafe fn add_heap(&mut self, start: usize, size: usize) {
        *self = Self { start, end: start + size, next: start, in_use: 0 };
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let start = align_up(self.next, layout.align());
        let end = start.checked_add(layout.size())?;
        if end > self.end {
            return None;
        }
        self.next = end;
        self.in_use += 1;
        NonNull::new(start as *mut u8)
    }

    unsafe fn free(&mut self, _memory: NonNull<u8>, _layout: Layout) {
        self.in_use -= 1;
        if self.in_use == 0 {
            self.next = self.start;
        }
    }
}
