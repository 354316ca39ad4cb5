//! The keyboard as a stream of bytes: the interrupt handler puts them into a queue, a task takes them out.

use conquer_once::spin::OnceCell;
use core::pin::Pin;
use core::task::{Context, Poll};
use crossbeam_queue::ArrayQueue;
use futures_util::stream::{Stream, StreamExt};
use futures_util::task::AtomicWaker;
use parts::{keyboard, println};

const QUEUE_SIZE: usize = 100;

static QUEUE: OnceCell<ArrayQueue<u8>> = OnceCell::uninit();
static WAKER: AtomicWaker = AtomicWaker::new();

/// Takes a byte in the interrupt handler: neither waits nor allocates.
pub fn push(code: u8) {
    match QUEUE.try_get().map(|queue| queue.push(code)) {
        Ok(Ok(())) => WAKER.wake(),
        Ok(Err(_)) => println!("the queue is full; a key is lost"),
        Err(_) => println!("nobody waits for keys"),
    }
}

/// The bytes of the keyboard. There is one such stream.
pub struct ScanCodes(());

impl ScanCodes {
    /// # Panics
    /// If called more than once.
    pub fn new() -> Self {
        QUEUE.try_init_once(|| ArrayQueue::new(QUEUE_SIZE)).expect("there should be one stream of keys");
        Self(())
    }
}

impl Default for ScanCodes {
    fn default() -> Self {
        Self::new()
    }
}

impl Stream for ScanCodes {
    type Item = u8;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context) -> Poll<Option<u8>> {
        let queue = QUEUE.try_get().expect("the queue is there since the stream is");
        if let Some(code) = queue.pop() {
            return Poll::Ready(Some(code));
        }
        WAKER.register(context.waker());
        // A byte may have come before the waker was there.
        match queue.pop() {
            Some(code) => {
                WAKER.take();
                Poll::Ready(Some(code))
            }
            None => Poll::Pending,
        }
    }
}

/// Prints what is typed, for ever.
pub async fn print_keys() {
    let mut codes = ScanCodes::new();
    let mut decoder = keyboard::decoder();
    while let Some(code) = codes.next().await {
        if let Some(key) = keyboard::decode(&mut decoder, code) {
            keyboard::show(key);
        }
    }
}
