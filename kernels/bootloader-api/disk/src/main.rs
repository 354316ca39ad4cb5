//! Makes a BIOS disk with the `bootloader` crate 0.11. Usage: disk KERNEL IMAGE [RAMDISK]
//!
//! The loader keeps quiet on COM1, so that only the kernel is heard there.
use std::path::PathBuf;

fn main() {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (kernel, image) = match paths.as_slice() {
        [kernel, image] | [kernel, image, _] => (kernel, image),
        _ => panic!("usage: disk KERNEL IMAGE [RAMDISK]"),
    };
    let mut config = bootloader::BootConfig::default();
    config.serial_logging = false;
    let mut builder = bootloader::DiskImageBuilder::new(kernel.clone());
    builder.set_boot_config(&config);
    if let Some(ramdisk) = paths.get(2) {
        builder.set_ramdisk(ramdisk.clone());
    }
    builder.create_bios_image(image).expect("the image can be written");
}
