//! Asks for page tables that map themselves, in the upper half of the address space.
#![no_std]
#![no_main]

use bootloader_api::BootloaderConfig;
use bootloader_api::config::Mapping;

static CONFIG: BootloaderConfig = {
    let mut config = BootloaderConfig::new_default();
    config.mappings.page_table_recursive = Some(Mapping::Dynamic);
    config.mappings.dynamic_range_start = Some(0xffff_8000_0000_0000);
    config.mappings.dynamic_range_end = Some(0xffff_ffff_ffff_efff);
    config
};
bootloader_api::entry_point!(bootloader_api_report::report, config = &CONFIG);

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    bootloader_api_report::fail(info)
}
