//! A list of free holes, each of which begins with its size and the next. The first hole that is large enough is taken;
//! what is left of it becomes a hole again. Holes are never joined.

use crate::{Allocator, align_up};
use core::alloc::Layout;
use core::ptr::NonNull;

struct Hole {
    size: usize,
    next: Option<NonNull<Hole>>,
}

pub struct LinkedList {
    first: Option<NonNull<Hole>>,
}

// SAFETY: the holes belong to the list.
unsafe impl Send for LinkedList {}

/// The layout that is allocated in place of one: freed, it must have room for a hole, and end where another can begin.
fn with_room_for_hole(layout: Layout) -> Option<(usize, usize)> {
    let layout = layout.align_to(align_of::<Hole>()).ok()?.pad_to_align();
    Some((layout.size().max(size_of::<Hole>()), layout.align()))
}

impl LinkedList {
    /// One without a heap.
    pub const fn new() -> Self {
        Self { first: None }
    }

    /// # Safety
    /// The memory is nobody's, aligned for a hole and large enough for one.
    unsafe fn add_hole(&mut self, start: usize, size: usize) {
        debug_assert!(start % align_of::<Hole>() == 0 && size >= size_of::<Hole>());
        let hole = start as *mut Hole;
        // SAFETY: the caller's.
        unsafe { hole.write(Hole { size, next: self.first.take() }) };
        self.first = NonNull::new(hole);
    }

    /// Where in a hole an allocation goes, if it fits and leaves nothing, or enough for a hole.
    fn place(start: usize, hole_size: usize, size: usize, align: usize) -> Option<usize> {
        let place = align_up(start, align);
        let rest = (start + hole_size).checked_sub(place.checked_add(size)?)?;
        (rest == 0 || rest >= size_of::<Hole>()).then_some(place)
    }
}

impl Default for LinkedList {
    fn default() -> Self {
        Self::new()
    }
}

impl Allocator for LinkedList {
    unsafe fn add_heap(&mut self, start: usize, size: usize) {
        // SAFETY: the caller's.
        unsafe { self.add_hole(start, size) };
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let (size, align) = with_room_for_hole(layout)?;
        let mut link = &mut self.first;
        loop {
            // SAFETY: the holes of the list are its own, and one by one reached through the link before.
            let hole = unsafe { (*link)?.as_mut() };
            let start = &raw const *hole as usize;
            if let Some(place) = Self::place(start, hole.size, size, align) {
                let rest = start + hole.size - (place + size);
                *link = hole.next;
                if rest > 0 {
                    // SAFETY: what is left of the hole that has just been taken out, and `place` leaves enough.
                    unsafe { self.add_hole(place + size, rest) };
                }
                return NonNull::new(place as *mut u8);
            }
            link = &mut hole.next;
        }
    }

    unsafe fn free(&mut self, memory: NonNull<u8>, layout: Layout) {
        if let Some((size, _)) = with_room_for_hole(layout) {
            // SAFETY: `allocate` has made the memory large enough, and the caller gives it back.
            unsafe { self.add_hole(memory.as_ptr() as usize, size) };
        }
    }
}
