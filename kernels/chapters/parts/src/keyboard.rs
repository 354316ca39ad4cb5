//! Chapter 7: from the keyboard's bytes to characters.

use crate::print;
use lazy_static::lazy_static;
use pc_keyboard::{DecodedKey, HandleControl, Keyboard, ScancodeSet1, layouts::Us104Key};
use spin::Mutex;

/// A keyboard of the United States, seen through a controller that translates to set 1.
pub type UsKeyboard = Keyboard<Us104Key, ScancodeSet1>;

/// A decoder that no byte has gone through yet.
pub fn decoder() -> UsKeyboard {
    Keyboard::new(ScancodeSet1::new(), Us104Key, HandleControl::Ignore)
}

/// The key that is complete with this byte, if it goes down and means something.
pub fn decode(keyboard: &mut UsKeyboard, code: u8) -> Option<DecodedKey> {
    let event = keyboard.add_byte(code).ok()??;
    keyboard.process_keyevent(event)
}

/// Prints a key: its character, or its name.
pub fn show(key: DecodedKey) {
    match key {
        DecodedKey::Unicode(character) => print!("{character}"),
        DecodedKey::RawKey(key) => print!("{key:?}"),
    }
}

lazy_static! {
    static ref DECODER: Mutex<UsKeyboard> = Mutex::new(decoder());
}

/// Takes a byte of the keyboard and shows what was typed.
pub(crate) fn echo(code: u8) {
    if let Some(key) = decode(&mut DECODER.lock(), code) {
        show(key);
    }
}
