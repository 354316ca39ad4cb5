//! Chapter 11: three allocators.
#![no_std]

pub mod bump;
pub mod fixed_size_blocks;
pub mod linked_list;

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};
use spin::Mutex;

/// An allocator that has its heap to itself.
pub trait Allocator: Send {
    /// Takes over a heap.
    ///
    /// # Safety
    /// Called once, with memory that nobody uses.
    unsafe fn add_heap(&mut self, start: usize, size: usize);

    /// Memory for a layout, or nothing if there is none.
    fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>>;

    /// # Safety
    /// `allocate` has returned the memory for this very layout, and nobody uses it any more.
    unsafe fn free(&mut self, memory: NonNull<u8>, layout: Layout);
}

/// An allocator behind a lock, as the language wants its own.
pub struct Locked<A>(Mutex<A>);

impl<A: Allocator> Locked<A> {
    pub const fn new(allocator: A) -> Self {
        Self(Mutex::new(allocator))
    }

    /// # Safety
    /// As for [`Allocator::add_heap`].
    pub unsafe fn add_heap(&self, start: usize, size: usize) {
        // SAFETY: the caller's.
        unsafe { self.0.lock().add_heap(start, size) }
    }
}

// SAFETY: what an `Allocator` returns is apart from all that it returned and did not get back.
unsafe impl<A: Allocator> GlobalAlloc for Locked<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.lock().allocate(layout).map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if let Some(memory) = NonNull::new(memory) {
            // SAFETY: the caller's.
            unsafe { self.0.lock().free(memory, layout) }
        }
    }
}

/// The first address from `address` on that a power of two divides.
const fn align_up(address: usize, align: usize) -> usize {
    (address + align - 1) & !(align - 1)
}
