//! Asks for an address of its own for everything.
#![no_std]
#![no_main]

use bootloader_api::BootloaderConfig;
use bootloader_api::config::Mapping;

static CONFIG: BootloaderConfig = {
    let mut config = BootloaderConfig::new_default();
    config.mappings.kernel_base = Mapping::FixedAddress(0xffff_ffff_8000_0000);
    config.mappings.kernel_stack = Mapping::FixedAddress(0xffff_f000_0001_0000);
    config.mappings.boot_info = Mapping::FixedAddress(0xffff_e000_0000_0008);
    config.mappings.framebuffer = Mapping::FixedAddress(0xffff_d000_0000_0000);
    config.mappings.ramdisk_memory = Mapping::FixedAddress(0xffff_c800_0000_0000);
    config.mappings.physical_memory = Some(Mapping::FixedAddress(0xffff_8000_0000_0000));
    config.mappings.page_table_recursive = Some(Mapping::FixedAddress(0xffff_a000_0000_0000));
    config.kernel_stack_size = 0x5000;
    config
};
bootloader_api::entry_point!(bootloader_api_report::report, config = &CONFIG);

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    bootloader_api_report::fail(info)
}
