# The guests that die, and the disk images by which QEMU can boot what it has no loader for.

build_faults() {
  local release=$target/rust/x86_64-longmode/release source name
  fetch "$kernels"
  run_cargo "$target/rust" build --quiet --locked --release --package faults --bins
  for source in faults/src/bin/*.rs; do
    name=$(basename "$source" .rs)
    cp "$release/$name" "$images/fault-$name.elf"
    record "fault-$name.elf" elf64-direct "cargo build --release --bin $name" rustc,lld "${rust_inputs[@]}" \
      faults/Cargo.toml faults/src/lib.rs faults/src/idt.rs "$source"
  done
}

build_disks() {
  local image
  mkdir -p "$target/disks"
  fetch "$kernels"
  for image in "$images"/fault-*.elf "${workloads[@]/#/$images/bench-}"; do
    image=${image%.elf}.elf
    make_disk "$image" "$kernels/hello/Cargo.toml" "$target/disks/$(basename "$image" .elf).img"
  done
  build_chapter_disks
}
