# The hello guest in its six forms.

build_hello() {
  local release=$target/rust/x86_64-longmode/release
  local rust=("${rust_inputs[@]}" hello/Cargo.toml hello/build.rs hello/src/lib.rs hello/src/exit.rs
    hello/src/serial.rs hello/src/vga_buffer.rs)
  local multiboot=("${rust[@]}" hello/src/bin/hello-multiboot.rs hello/src/multiboot.s hello/src/multiboot.ld)

  nasm -f bin -o "$images/hello-bootsector.img" hello/src/boot-sector.asm
  record hello-bootsector.img boot-sector 'nasm -f bin' nasm hello/src/boot-sector.asm

  fetch "$kernels"
  run_cargo "$target/rust" build --quiet --locked --release --package hello --bin hello
  cp "$release/hello" "$images/hello.elf"
  record hello.elf elf64-direct 'cargo build --release --bin hello' rustc,lld "${rust[@]}" hello/src/bin/hello.rs

  make_disk "$images/hello.elf" "$kernels/hello/Cargo.toml" "$images/hello-bios.img"
  record hello-bios.img disk 'hello.elf inside the bootloader crate, as bootimage does it' rustc,lld,llvm \
    "${rust[@]}" hello/src/bin/hello.rs

  link_multiboot 0x3
  objcopy -O elf32-i386 "$release/hello-multiboot" "$images/hello-mb1-elf32.elf"
  record hello-mb1-elf32.elf multiboot1-elf32 'cargo rustc --release --bin hello-multiboot; objcopy -O elf32-i386' \
    rustc,lld,objcopy "${multiboot[@]}"

  link_multiboot 0x10003
  cp "$release/hello-multiboot" "$images/hello-mb1-elf64.elf"
  record hello-mb1-elf64.elf multiboot1-elf64 'cargo rustc --release --bin hello-multiboot, with address fields' \
    rustc,lld "${multiboot[@]}"
  objcopy -O binary "$release/hello-multiboot" "$images/hello-mb1-address.bin"
  record hello-mb1-address.bin multiboot1-address 'hello-mb1-elf64.elf; objcopy -O binary' rustc,lld,objcopy \
    "${multiboot[@]}"
}

link_multiboot() {
  run_cargo "$target/rust" rustc --quiet --locked --release --package hello --bin hello-multiboot -- \
    -C "link-arg=--defsym=MULTIBOOT_FLAGS=$1"
}
