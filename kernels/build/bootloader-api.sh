# The kernels for the bootloader crate 0.11: position-independent, as its users build them. A workspace of their own, since
# their target is the compiler's own and not ours.

build_bootloader_api() {
  local folder=bootloader-api binaries=$target/bootloader-api source name
  fetch "$kernels/$folder"
  (cd "$folder" && run_cargo "$binaries" build --quiet --locked --release --bins)
  for source in "$folder"/src/bin/*.rs; do
    name=$(basename "$source" .rs)
    cp "$binaries/x86_64-unknown-none/release/$name" "$images/api-$name.elf"
    record "api-$name.elf" elf64-bootloader-api "cargo build --release --bin $name" rustc,lld \
      "$folder/.cargo/config.toml" "$folder/Cargo.toml" "$folder/Cargo.lock" "$folder"/src/*.rs "$source"
  done
}
