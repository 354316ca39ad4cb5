//! Chapter 3: VGA text mode. Colours, formatting, lines that wrap, a screen that scrolls and is read back, a panic.
#![no_std]
#![no_main]

use core::fmt::Write;
use core::panic::PanicInfo;
use parts::screen::{Attribute, Colour, ROW_COUNT, with_screen};
use parts::{print, println};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    for line in 0..30 {
        println!("This line scrolls away: {line}");
    }
    with_screen(|screen| {
        screen.set_attribute(Attribute::new(Colour::White, Colour::Blue));
        writeln!(screen, "White on blue, with {} and {:.3}", 42, 1.0 / 3.0).expect("the screen takes every text");
        screen.set_attribute(Attribute::new(Colour::LightGreen, Colour::Black));
    });
    println!("Light green. What is not ASCII becomes a square for each byte: W\u{f6}rld");
    println!("{:-<200}", "A line of 200 characters wraps twice ");
    print!("Printed in ");
    println!("two parts");
    count_squares();
    panic!("nothing is left to do");
}

/// Reads the screen back.
fn count_squares() {
    let (squares, blue) = with_screen(|screen| {
        let cells = (0..ROW_COUNT).flat_map(|row| (0..80).map(move |column| (row, column)));
        let white_on_blue = Attribute::new(Colour::White, Colour::Blue);
        cells.map(|(row, column)| screen.cell(row, column)).fold((0, 0), |(squares, blue), cell| {
            (squares + u32::from(cell.character == 0xfe), blue + u32::from(cell.attribute == white_on_blue))
        })
    });
    println!("On the screen now: {squares} squares, {blue} cells on blue");
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    loop {
        core::hint::spin_loop();
    }
}
