//! Chapter 2: a minimal kernel. It has the loader call it and writes to the screen's memory, character by character.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

const TEXT: &[u8] = b"Hello World!";
const TEXT_BUFFER: usize = 0xb8000;
const LIGHT_CYAN: u8 = 0x0b;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let cells = TEXT_BUFFER as *mut [u8; 2];
    for (index, &character) in TEXT.iter().enumerate() {
        // SAFETY: the loader maps the text buffer at its physical address, and the text is shorter than its first row.
        unsafe { cells.add(index).write_volatile([character, LIGHT_CYAN]) };
    }
    stop()
}

fn stop() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[panic_handler]
fn panic(_info: &PanicInfo) -> ! {
    stop()
}
