//! An executor that polls tasks that were woken, and lets the processor sleep while there are none.

use crate::{Task, TaskId};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::task::{Context, Poll, Waker};
use crossbeam_queue::ArrayQueue;
use x86_64::instructions::interrupts;

const QUEUE_SIZE: usize = 64;

/// Puts a task into the queue of those that shall be polled; interrupt handlers may do that.
struct TaskWaker {
    id: TaskId,
    queue: Arc<ArrayQueue<TaskId>>,
}

impl TaskWaker {
    fn enqueue(&self) {
        self.queue.push(self.id).expect("the queue should have room for every task");
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.enqueue();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.enqueue();
    }
}

pub struct Executor {
    tasks: BTreeMap<TaskId, (Task, Waker)>,
    queue: Arc<ArrayQueue<TaskId>>,
}

impl Default for Executor {
    fn default() -> Self {
        Self { tasks: BTreeMap::new(), queue: Arc::new(ArrayQueue::new(QUEUE_SIZE)) }
    }
}

impl Executor {
    pub fn spawn(&mut self, task: Task) {
        let waker = TaskWaker { id: task.id, queue: Arc::clone(&self.queue) };
        waker.enqueue();
        self.tasks.insert(task.id, (task, Waker::from(Arc::new(waker))));
    }

    /// How many tasks have not come to their end.
    pub fn task_count(&self) -> usize {
        self.tasks.len()
    }

    /// Polls until no task is ready. Returns how often one was polled.
    pub fn run_ready(&mut self) -> usize {
        let mut polls = 0;
        while let Some(id) = self.queue.pop() {
            // A task may be woken again after its end.
            let Some((task, waker)) = self.tasks.get_mut(&id) else { continue };
            polls += 1;
            if let Poll::Ready(()) = task.poll(&mut Context::from_waker(waker)) {
                self.tasks.remove(&id);
            }
        }
        polls
    }

    /// Runs for ever, asleep whenever no task is ready.
    pub fn run(&mut self) -> ! {
        loop {
            self.run_ready();
            // An interrupt between the look at the queue and the sleep would be slept over; so both are done without.
            interrupts::disable();
            if self.queue.is_empty() {
                interrupts::enable_and_hlt();
            } else {
                interrupts::enable();
            }
        }
    }
}
