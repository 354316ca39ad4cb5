//! What every allocator must be able to do.

use alloc::{boxed::Box, vec::Vec};
use parts::heap::HEAP_SIZE;

#[test_case]
fn simple_allocation() {
    let [first, second] = [Box::new(41), Box::new(13)];
    assert_eq!((*first, *second), (41, 13));
}

#[test_case]
fn large_vec() {
    let mut numbers = Vec::new();
    numbers.extend(0..1000_u64);
    assert_eq!(numbers.iter().sum::<u64>(), 999 * 1000 / 2);
}

/// More boxes than the heap has room for, each freed before the next.
#[test_case]
fn many_boxes() {
    for number in 0..HEAP_SIZE {
        assert_eq!(*Box::new(number), number);
    }
}
