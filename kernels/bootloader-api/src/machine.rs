//! Registers and ports.
use crate::say;
use core::arch::asm;

const EXIT_PORT: u16 = 0xf4;

pub fn read_port(port: u16) -> u8 {
    let value;
    // SAFETY: no port that is read here does anything to memory.
    unsafe { asm!("in al, dx", out("al") value, in("dx") port, options(nomem, nostack)) };
    value
}

pub fn write_port(port: u16, value: u8) {
    // SAFETY: no port that is written here does anything to memory.
    unsafe { asm!("out dx, al", in("al") value, in("dx") port, options(nomem, nostack)) };
}

/// Ends the machine, or stops where there is no exit device.
pub fn leave(code: u8) -> ! {
    write_port(EXIT_PORT, code);
    loop {
        // SAFETY: nothing is left to do.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}

#[repr(C, packed)]
#[derive(Clone, Copy, Default)]
pub struct TableRegister {
    pub limit: u16,
    pub base: u64,
}

/// The processor as the loader left it.
pub struct Registers {
    pub rsp: u64,
    pub cr3: u64,
    pub gdt: TableRegister,
    idt: TableRegister,
    cr0: u64,
    cr4: u64,
    efer: u64,
    flags: u64,
    cs: u16,
    ss: u16,
    ds: u16,
    es: u16,
}

impl Registers {
    pub fn read() -> Self {
        let (rsp, cr3, cr0, cr4, flags): (u64, u64, u64, u64, u64);
        let (low, high): (u32, u32);
        let (cs, ss, ds, es): (u16, u16, u16, u16);
        let (mut gdt, mut idt) = (TableRegister::default(), TableRegister::default());
        // SAFETY: these read, and change nothing but what they are given.
        unsafe {
            asm!("mov {}, rsp", "mov {}, cr3", "mov {}, cr0", "mov {}, cr4", "pushfq", "pop {}",
                out(reg) rsp, out(reg) cr3, out(reg) cr0, out(reg) cr4, out(reg) flags);
            asm!("rdmsr", in("ecx") 0xc000_0080_u32, out("eax") low, out("edx") high);
            asm!("mov {:x}, cs", "mov {:x}, ss", "mov {:x}, ds", "mov {:x}, es",
                out(reg) cs, out(reg) ss, out(reg) ds, out(reg) es);
            asm!("sgdt [{}]", "sidt [{}]", in(reg) &raw mut gdt, in(reg) &raw mut idt);
        }
        let efer = u64::from(high) << 32 | u64::from(low);
        Self { rsp, cr3, gdt, idt, cr0, cr4, efer, flags, cs, ss, ds, es }
    }

    pub fn say(&self) {
        let interrupts = self.flags >> 9 & 1;
        say!("CR0 {:#x}, CR4 {:#x}, EFER {:#x}, IF {}", self.cr0, self.cr4, self.efer, interrupts);
        say!("CS {:#x}, SS {:#x}, DS {:#x}, ES {:#x}", self.cs, self.ss, self.ds, self.es);
        let (gdt, idt) = (self.gdt.limit, self.idt.limit);
        say!("GDT limit {gdt:#x}, IDT limit {idt:#x}");
    }
}
