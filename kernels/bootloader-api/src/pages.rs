//! What the page tables permit, looked up in them.
use crate::say;
use bootloader_api::BootInfo;
use bootloader_api::info::Optional;
use core::arch::asm;

const PRESENT: u64 = 1;
const WRITABLE: u64 = 2;
const LARGE: u64 = 0x80;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// A way to see page tables.
pub enum Tables {
    /// Physical memory is mapped at an offset.
    Offset(u64),
    /// The level-4 table maps itself at an index.
    Recursive(u64),
}

pub fn tables(boot_info: &BootInfo) -> Option<Tables> {
    match (boot_info.physical_memory_offset, boot_info.recursive_index) {
        (Optional::Some(offset), _) => Some(Tables::Offset(offset)),
        (_, Optional::Some(index)) => Some(Tables::Recursive(index.into())),
        _ => None,
    }
}

impl Tables {
    /// The entry of a level for an address, given the entry of the level above.
    fn entry(&self, above: u64, level: u32, address: u64) -> u64 {
        let place = match self {
            Self::Offset(offset) => offset + (above & ADDRESS) + (address >> (12 + 9 * level) & 511) * 8,
            Self::Recursive(index) => {
                let ones = (0..=level).fold(0, |sum, above| sum | index << (39 - 9 * above));
                let rest = (address & 0xffff_ffff_ffff) >> (9 * (level + 1)) & !7;
                ((ones | rest) << 16) as i64 as u64 >> 16 | if index & 256 != 0 { 0xffff << 48 } else { 0 }
            }
        };
        // SAFETY: the loader has mapped the tables there.
        unsafe { (place as *const u64).read_volatile() }
    }
}

/// Says whether an address is mapped, and what may be done there.
pub fn describe(tables: &Tables, what: &str, address: u64) {
    let mut entry: u64;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, cr3", out(reg) entry, options(nomem, nostack)) };
    let (mut is_writable, mut is_executable) = (true, true);
    for level in (0..4).rev() {
        entry = tables.entry(entry, level, address);
        if entry & PRESENT == 0 {
            return say!("{what}: not mapped");
        }
        is_writable &= entry & WRITABLE != 0;
        is_executable &= entry >> 63 == 0;
        if level > 0 && entry & LARGE != 0 {
            break;
        }
    }
    say!("{what}: writable {is_writable}, executable {is_executable}");
}
