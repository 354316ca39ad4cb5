//! What an allocator must be able to do that uses freed memory again before all is freed.

use alloc::boxed::Box;
use parts::heap::HEAP_SIZE;

#[test_case]
fn many_boxes_long_lived() {
    let long_lived = Box::new(1);
    for number in 0..HEAP_SIZE {
        assert_eq!(*Box::new(number), number);
    }
    assert_eq!(*long_lived, 1);
}
