//! Both executors, and the stream of keys without a keyboard.
#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(parts::testing::run_all)]
#![reexport_test_harness_main = "run_cases"]

extern crate alloc;

use alloc::{rc::Rc, vec::Vec};
use bootloader::{BootInfo, entry_point};
use core::cell::{Cell, RefCell};
use core::panic::PanicInfo;
use futures_util::stream::StreamExt;
use linked_list_allocator::LockedHeap;
use parts::exit::stand_still;
use parts::heap::{self, HEAP_SIZE, HEAP_START};
use tasks::executor::Executor;
use tasks::keys::{self, ScanCodes};
use tasks::simple_executor::SimpleExecutor;
use tasks::{Task, give_way};

#[global_allocator]
static ALLOCATOR: LockedHeap = LockedHeap::empty();

entry_point!(main);

fn main(boot_info: &'static BootInfo) -> ! {
    heap::map(boot_info, boot_info.physical_memory_offset);
    // SAFETY: the heap has just been mapped, and nobody else uses it.
    unsafe { ALLOCATOR.lock().init(HEAP_START, HEAP_SIZE) };
    run_cases();
    stand_still()
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    parts::testing::fail(info)
}

async fn count_down(from: usize, name: char, log: Rc<RefCell<Vec<(char, usize)>>>) {
    for number in (0..from).rev() {
        log.borrow_mut().push((name, number));
        give_way().await;
    }
}

const TAKING_TURNS: [(char, usize); 5] = [('a', 2), ('b', 1), ('a', 1), ('b', 0), ('a', 0)];

#[test_case]
fn the_simple_executor_lets_tasks_take_turns() {
    let log = Rc::default();
    let mut executor = SimpleExecutor::default();
    executor.spawn(Task::new(count_down(3, 'a', Rc::clone(&log))));
    executor.spawn(Task::new(count_down(2, 'b', Rc::clone(&log))));
    assert_eq!(executor.run(), 7);
    assert_eq!(*log.borrow(), TAKING_TURNS);
}

#[test_case]
fn the_executor_lets_tasks_take_turns() {
    let log = Rc::default();
    let mut executor = Executor::default();
    executor.spawn(Task::new(count_down(3, 'a', Rc::clone(&log))));
    executor.spawn(Task::new(count_down(2, 'b', Rc::clone(&log))));
    assert_eq!(executor.run_ready(), 7);
    assert_eq!((executor.task_count(), &*log.borrow()), (0, &TAKING_TURNS.to_vec()));
}

#[test_case]
fn the_executor_polls_a_thousand_tasks() {
    let sum = Rc::new(Cell::new(0));
    let mut executor = Executor::default();
    for number in 0..1000 {
        let sum = Rc::clone(&sum);
        executor.spawn(Task::new(async move {
            give_way().await;
            sum.set(sum.get() + number);
        }));
        if number % 50 == 49 {
            assert_eq!(executor.run_ready(), 100);
        }
    }
    assert_eq!(sum.get(), 999 * 1000 / 2);
}

#[test_case]
fn the_executor_wakes_who_waits_for_a_key_and_nobody_else() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&seen);
    let mut executor = Executor::default();
    executor.spawn(Task::new(async move {
        let mut codes = ScanCodes::new();
        while let Some(code) = codes.next().await {
            log.borrow_mut().push(code);
        }
    }));
    executor.spawn(Task::new(core::future::pending()));
    assert_eq!(executor.run_ready(), 2);
    assert_eq!(executor.run_ready(), 0);
    keys::push(0x1e);
    keys::push(0x9e);
    assert_eq!(executor.run_ready(), 1);
    assert_eq!((executor.task_count(), &*seen.borrow()), (2, &[0x1e, 0x9e].to_vec()));
}
