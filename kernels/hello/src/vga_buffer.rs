//! The VGA text buffer as a terminal that writes on the last row and scrolls: `print!` and `println!`.

use core::fmt::{self, Arguments, Write};
use lazy_static::lazy_static;
use spin::Mutex;
use volatile::Volatile;
use x86_64::instructions::port::Port;

const ROW_COUNT: usize = 25;
const COLUMN_COUNT: usize = 80;
const TEXT_BUFFER: usize = 0xb8000;
/// Yellow on black.
const ATTRIBUTE: u8 = 0x0e;
/// What stands for a byte that code page 437 shows as something else than ASCII.
const REPLACEMENT: u8 = 0xfe;

const CRTC_INDEX_PORT: u16 = 0x3d4;
const CRTC_CURSOR_START: u16 = 0x0a;
const CURSOR_DISABLE: u16 = 0x20;

#[derive(Clone, Copy)]
#[repr(C)]
struct Cell {
    character: u8,
    attribute: u8,
}

const BLANK: Cell = Cell { character: b' ', attribute: ATTRIBUTE };

#[repr(transparent)]
struct Cells([[Volatile<Cell>; COLUMN_COUNT]; ROW_COUNT]);

/// A position on the last row, and the buffer that the row belongs to.
pub struct Writer {
    column: usize,
    cells: &'static mut Cells,
}

impl Writer {
    fn write_byte(&mut self, byte: u8) {
        if byte == b'\n' {
            return self.new_line();
        }
        if self.column == COLUMN_COUNT {
            self.new_line();
        }
        let character = if matches!(byte, 0x20..=0x7e) { byte } else { REPLACEMENT };
        self.cells.0[ROW_COUNT - 1][self.column].write(Cell { character, attribute: ATTRIBUTE });
        self.column += 1;
    }

    /// Moves every row up by one, reading the buffer back, and clears the last.
    fn new_line(&mut self) {
        for row in 1..ROW_COUNT {
            for column in 0..COLUMN_COUNT {
                let cell = self.cells.0[row][column].read();
                self.cells.0[row - 1][column].write(cell);
            }
        }
        self.clear_row(ROW_COUNT - 1);
        self.column = 0;
    }

    fn clear_row(&mut self, row: usize) {
        for cell in &mut self.cells.0[row] {
            cell.write(BLANK);
        }
    }
}

impl Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.write_byte(byte));
        Ok(())
    }
}

lazy_static! {
    /// The one writer of the screen.
    pub static ref WRITER: Mutex<Writer> = Mutex::new(Writer {
        column: 0,
        // SAFETY: every loader maps the buffer at its physical address, and only this static uses it.
        cells: unsafe { &mut *(TEXT_BUFFER as *mut Cells) },
    });
}

/// Blanks the screen that the firmware or the loader left and hides its cursor.
pub fn clear_screen() {
    let mut writer = WRITER.lock();
    (0..ROW_COUNT).for_each(|row| writer.clear_row(row));
    writer.column = 0;
    // One 16-bit write is the index and, above it, the register's value.
    let mut crtc = Port::new(CRTC_INDEX_PORT);
    // SAFETY: the register holds the shape of the cursor and nothing else.
    unsafe { crtc.write(CURSOR_DISABLE << 8 | CRTC_CURSOR_START) };
}

#[doc(hidden)]
pub fn print(arguments: Arguments) {
    WRITER.lock().write_fmt(arguments).expect("the screen takes every text");
}

/// Prints on the screen.
#[macro_export]
macro_rules! print {
    ($($argument:tt)*) => { $crate::vga_buffer::print(format_args!($($argument)*)) };
}

/// Prints on the screen and ends the line.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($argument:tt)*) => { $crate::print!("{}\n", format_args!($($argument)*)) };
}
