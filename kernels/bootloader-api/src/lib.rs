//! What a kernel for the `bootloader` crate 0.11 finds when it is started, said line by line on COM1. The binaries differ
//! in what they ask the loader for.
#![no_std]

pub mod machine;
pub mod pages;
pub mod serial;

use bootloader_api::BootInfo;
use bootloader_api::info::{FrameBuffer, MemoryRegionKind, Optional};
use core::panic::PanicInfo;
use machine::{Registers, leave};
use pages::describe;

/// Position-independent kernels need these addresses corrected.
static NAMES: [&str; 3] = ["first", "second", "third"];
static mut ZEROS: [u8; 10_000] = [0; 10_000];
static mut DATA: [u16; 4] = [1, 2, 3, 0xabcd];

/// Says everything and leaves with success.
pub fn report(boot_info: &'static mut BootInfo) -> ! {
    serial::open();
    let registers = Registers::read();
    let version = boot_info.api_version;
    say!(
        "api version {}.{}.{}, pre-release {}",
        version.version_major(),
        version.version_minor(),
        version.version_patch(),
        version.pre_release()
    );
    say!("boot information at {:p}", boot_info);
    registers.say();
    say!(
        "stack {:#x}, {} bytes, RSP inside {}",
        boot_info.kernel_stack_bottom,
        boot_info.kernel_stack_len,
        (boot_info.kernel_stack_bottom..boot_info.kernel_stack_bottom + boot_info.kernel_stack_len)
            .contains(&registers.rsp)
    );
    say!(
        "kernel file at {:#x}, {} bytes, image offset {:#x}, entry {:#x}",
        boot_info.kernel_addr,
        boot_info.kernel_len,
        boot_info.kernel_image_offset,
        report as fn(&'static mut BootInfo) -> ! as usize as u64 - boot_info.kernel_image_offset
    );
    say!("names {} {} {}", NAMES[0], NAMES[1], NAMES[2]);
    memory_of_own();
    regions(boot_info);
    say!("physical memory at {:x?}", boot_info.physical_memory_offset);
    say!("recursive index {:?}", boot_info.recursive_index);
    say!("RSDP {}", matches!(boot_info.rsdp_addr, Optional::Some(_)));
    say!("TLS template {:x?}", boot_info.tls_template);
    ramdisk(boot_info);
    let stack = boot_info.kernel_stack_bottom;
    match &mut boot_info.framebuffer {
        Optional::Some(framebuffer) => draw(framebuffer),
        Optional::None => say!("no framebuffer"),
    }
    if let Some(tables) = pages::tables(boot_info) {
        let framebuffer = boot_info.framebuffer.as_ref();
        describe(&tables, "code", report as fn(&'static mut BootInfo) -> ! as usize as u64);
        describe(&tables, "constants", NAMES.as_ptr() as u64);
        describe(&tables, "data", &raw const DATA as u64);
        describe(&tables, "zeros", &raw const ZEROS as u64);
        describe(&tables, "guard page", stack - 1);
        describe(&tables, "stack", stack);
        describe(&tables, "boot information", boot_info as *const _ as u64);
        describe(&tables, "framebuffer", framebuffer.map_or(0, |f| f.buffer().as_ptr() as u64));
        describe(&tables, "descriptor table", registers.gdt.base);
        describe(&tables, "text buffer", 0xb8000);
    }
    say!("done");
    leave(0x10)
}

fn memory_of_own() {
    let zeros = &raw const ZEROS;
    let data = &raw mut DATA;
    // SAFETY: there is one thread, and nothing else uses them.
    unsafe {
        say!("zeros {}", (*zeros).iter().all(|&byte| byte == 0));
        (*data)[0] += 1;
        say!("data {:x?}", *data);
    }
}

fn regions(boot_info: &BootInfo) {
    let (mut usable, mut end) = (0, 0);
    for region in boot_info.memory_regions.iter() {
        say!("region {:#x} to {:#x} {:?}", region.start, region.end, region.kind);
        if region.kind == MemoryRegionKind::Usable {
            usable += region.end - region.start;
        }
        end = end.max(region.end);
    }
    say!("usable MiB {}", usable >> 20);
}

fn ramdisk(boot_info: &BootInfo) {
    let Optional::Some(address) = boot_info.ramdisk_addr else {
        return say!("no ramdisk, length {}", boot_info.ramdisk_len);
    };
    // SAFETY: the loader says that it is there.
    let bytes = unsafe { core::slice::from_raw_parts(address as *const u8, boot_info.ramdisk_len as usize) };
    say!("ramdisk at {:#x}: {:?}", address, core::str::from_utf8(bytes));
}

fn draw(framebuffer: &mut FrameBuffer) {
    let info = framebuffer.info();
    say!("framebuffer at {:p}: {:?}", framebuffer.buffer().as_ptr(), info);
    let buffer = framebuffer.buffer_mut();
    // A gradient with a white border; what is read back is what was written.
    for y in 0..info.height {
        for x in 0..info.width {
            let is_border = x == 0 || y == 0 || x == info.width - 1 || y == info.height - 1;
            let at = (y * info.stride + x) * info.bytes_per_pixel;
            let color = if is_border { [255; 3] } else { [x as u8, y as u8, (x ^ y) as u8] };
            buffer[at..at + 3].copy_from_slice(&color);
        }
    }
    let at = (100 * info.stride + 300) * info.bytes_per_pixel;
    say!("pixel {:x?}, last {:x}", &buffer[at..at + 3], buffer[info.byte_len - 1]);
}

/// Says why, and leaves with failure.
pub fn fail(info: &PanicInfo) -> ! {
    say!("{info}");
    leave(0x11)
}
