//! Chapter 3: the VGA text buffer as a terminal that writes on the last row and scrolls.

use core::fmt::{self, Arguments, Write};
use lazy_static::lazy_static;
use spin::Mutex;
use volatile::Volatile;

pub const ROW_COUNT: usize = 25;
pub const COLUMN_COUNT: usize = 80;
const LAST_ROW: usize = ROW_COUNT - 1;
const TEXT_BUFFER: usize = 0xb8000;
/// What stands for a byte that code page 437 shows as something else than ASCII: a small square.
const REPLACEMENT: u8 = 0xfe;

/// The sixteen colours of the text modes. The background shows the first eight; a bit above them makes text blink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Colour {
    Black,
    Blue,
    Green,
    Cyan,
    Red,
    Magenta,
    Brown,
    LightGray,
    DarkGray,
    LightBlue,
    LightGreen,
    LightCyan,
    LightRed,
    Pink,
    Yellow,
    White,
}

/// The colours of a cell, as its second byte holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Attribute(u8);

impl Attribute {
    pub const fn new(text: Colour, background: Colour) -> Self {
        Self((background as u8) << 4 | text as u8)
    }
}

/// A character and its colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Cell {
    pub character: u8,
    pub attribute: Attribute,
}

type Cells = [[Volatile<Cell>; COLUMN_COUNT]; ROW_COUNT];

/// The cells of the screen, and where and how the next character goes.
pub struct Screen {
    column: usize,
    attribute: Attribute,
    cells: &'static mut Cells,
}

impl Screen {
    /// Gives what is printed from now on other colours.
    pub fn set_attribute(&mut self, attribute: Attribute) {
        self.attribute = attribute;
    }

    /// What a cell shows now, as the adapter's memory has it.
    pub fn cell(&self, row: usize, column: usize) -> Cell {
        self.cells[row][column].read()
    }

    fn put(&mut self, byte: u8) {
        if byte == b'\n' {
            return self.begin_line();
        }
        if self.column == COLUMN_COUNT {
            self.begin_line();
        }
        let character = if matches!(byte, b' '..=b'~') { byte } else { REPLACEMENT };
        self.cells[LAST_ROW][self.column].write(Cell { character, attribute: self.attribute });
        self.column += 1;
    }

    /// Moves all rows up by one, reading the adapter's memory back, and blanks the last.
    fn begin_line(&mut self) {
        for row in 0..LAST_ROW {
            for column in 0..COLUMN_COUNT {
                let below = self.cell(row + 1, column);
                self.cells[row][column].write(below);
            }
        }
        for cell in &mut self.cells[LAST_ROW] {
            cell.write(Cell { character: b' ', attribute: self.attribute });
        }
        self.column = 0;
    }
}

impl Write for Screen {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.put(byte));
        Ok(())
    }
}

lazy_static! {
    /// The one screen.
    pub static ref SCREEN: Mutex<Screen> = Mutex::new(Screen {
        column: 0,
        attribute: Attribute::new(Colour::Yellow, Colour::Black),
        // SAFETY: the loader maps the buffer at its physical address, and only this static uses it.
        cells: unsafe { &mut *(TEXT_BUFFER as *mut Cells) },
    });
}

/// Lets nobody else at the screen while `work` uses it: interrupt handlers neither, as they would wait for ever.
pub fn with_screen<T>(work: impl FnOnce(&mut Screen) -> T) -> T {
    #[cfg(feature = "interrupts")]
    return x86_64::instructions::interrupts::without_interrupts(|| work(&mut SCREEN.lock()));
    #[cfg(not(feature = "interrupts"))]
    work(&mut SCREEN.lock())
}

#[doc(hidden)]
pub fn print(arguments: Arguments) {
    with_screen(|screen| screen.write_fmt(arguments)).expect("the screen takes every text");
}

/// Prints on the screen.
#[macro_export]
macro_rules! print {
    ($($argument:tt)*) => { $crate::screen::print(format_args!($($argument)*)) };
}

/// Prints on the screen and ends the line.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($argument:tt)*) => { $crate::print!("{}\n", format_args!($($argument)*)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn one_line() {
        println!("a line");
    }

    #[test_case]
    fn many_lines() {
        for number in 0..200 {
            println!("line {number} of many");
        }
    }

    #[test_case]
    fn a_line_ends_above_the_last_row() {
        let line = "Some text that fits on a single line";
        with_screen(|screen| {
            write!(screen, "\n{line}\n").expect("the screen takes every text");
            for (column, expected) in line.bytes().enumerate() {
                assert_eq!(screen.cell(LAST_ROW - 1, column).character, expected);
            }
        });
    }

    #[test_case]
    fn long_lines_wrap() {
        with_screen(|screen| {
            let line = [b'w'; COLUMN_COUNT + 1];
            let text = core::str::from_utf8(&line).expect("w is ASCII");
            write!(screen, "\n{text}").expect("the screen takes every text");
            assert_eq!(screen.cell(LAST_ROW - 1, COLUMN_COUNT - 1).character, b'w');
            assert_eq!(screen.cell(LAST_ROW, 0).character, b'w');
            assert_eq!(screen.cell(LAST_ROW, 1).character, b' ');
            screen.begin_line();
        });
    }
}
