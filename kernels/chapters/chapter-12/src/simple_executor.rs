//! An executor that polls its tasks in turn, whether or not they have anything to do.

use crate::Task;
use alloc::collections::VecDeque;
use core::task::{Context, Poll, Waker};

#[derive(Default)]
pub struct SimpleExecutor {
    tasks: VecDeque<Task>,
}

impl SimpleExecutor {
    pub fn spawn(&mut self, task: Task) {
        self.tasks.push_back(task);
    }

    /// Runs until no task is left. Returns how often one was polled.
    pub fn run(&mut self) -> usize {
        let mut context = Context::from_waker(Waker::noop());
        let mut polls = 0;
        while let Some(mut task) = self.tasks.pop_front() {
            polls += 1;
            if let Poll::Pending = task.poll(&mut context) {
                self.tasks.push_back(task);
            }
        }
        polls
    }
}
