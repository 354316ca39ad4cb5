//! Asks for a map of physical memory and a larger stack.
#![no_std]
#![no_main]

use bootloader_api::BootloaderConfig;
use bootloader_api::config::Mapping;

static CONFIG: BootloaderConfig = {
    let mut config = BootloaderConfig::new_default();
    config.mappings.physical_memory = Some(Mapping::Dynamic);
    config.kernel_stack_size = 256 * 1024;
    config
};
bootloader_api::entry_point!(bootloader_api_report::report, config = &CONFIG);

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    bootloader_api_report::fail(info)
}
