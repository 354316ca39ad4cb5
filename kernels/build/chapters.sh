# The kernels of the chapters of Writing an OS in Rust: each as a disk image and as a bare ELF64, optimized for size; and
# their test binaries as `cargo test` makes them, as bare ELF64s. They are a workspace of their own, with its own lock
# file.

chapters_target=$target/chapters

build_chapters() {
  local chapter
  fetch "$kernels/chapters"
  for chapter in 02 03 04 05 06 07 08 10 11 12; do
    build_chapter "chapter-$chapter" "chapter-$chapter"
  done
  build_chapter chapter-09 chapter-09 --features offset
  build_chapter chapter-09 chapter-09-recursive --features recursive
  build_chapter_test 04 library parts --lib --features serial
  build_chapter_test 04 main chapter-04 --bin chapter-04
  build_chapter_test 04 basic-boot chapter-04 --test basic_boot
  build_chapter_test 04 failing chapter-04 --test failing
  build_chapter_test 04 should-panic chapter-04 --test should_panic
  build_chapter_test 05 library parts --lib --features exceptions
  build_chapter_test 06 stack-overflow chapter-06 --test stack_overflow
  build_chapter_test 07 library parts --lib --features interrupts
  build_chapter_test 08 page-faults chapter-08 --test page_faults
  build_chapter_test 10 heap-allocation chapter-10 --test heap_allocation
  build_chapter_test 11 bump chapter-11 --test bump
  build_chapter_test 11 linked-list chapter-11 --test linked_list
  build_chapter_test 11 fixed-size-blocks chapter-11 --test fixed_size_blocks
  build_chapter_test 12 executors chapter-12 --test executors
}

# The features of the bootloader crate that a chapter's kernel is built with.
loader_features() {
  case $1 in
    chapter-0[2-8]*) ;;
    chapter-09-recursive*) echo recursive_page_table ;;
    *) echo map_physical_memory ;;
  esac
}

# Usage: build_chapter PACKAGE BINARY CARGO-OPTION...
build_chapter() {
  local package=$1 binary=$2 inputs
  shift 2
  (cd chapters && run_cargo "$chapters_target" build --quiet --locked --release --package "$package" --bin "$binary" \
    "$@")
  cp "$chapters_target/x86_64-longmode/release/$binary" "$images/$binary.elf"
  chapter_inputs "$package"
  record "$binary.elf" elf64-direct "cargo build --release --bin $binary" rustc,lld "${inputs[@]}"
  make_chapter_disk "$binary" "$package" "$images/$binary.img"
  record "$binary.img" disk "$binary.elf inside the bootloader crate, as bootimage does it" rustc,lld,llvm "${inputs[@]}"
}

# Usage: build_chapter_test CHAPTER NAME PACKAGE CARGO-OPTION...
build_chapter_test() {
  local image=chapter-$1-test-$2 package=$3 inputs messages
  shift 3
  messages=$(cd chapters && run_cargo "$chapters_target" test --quiet --locked --no-run --message-format=json \
    --package "$package" "$@")
  # For a test of a package, cargo makes its ordinary binaries too.
  cp "$(sed -n 's/^{"reason":"compiler-artifact".*"profile":{[^}]*"test":true}.*"executable":"\([^"]*\)".*/\1/p' <<< "$messages")" \
    "$images/$image.elf"
  chapter_inputs "$package"
  record "$image.elf" elf64-direct "cargo test --no-run --package $package $*" rustc,lld "${inputs[@]}"
}

# Sets `inputs`. Usage: chapter_inputs PACKAGE
chapter_inputs() {
  local folders=(chapters/parts "chapters/$1")
  [ "$1" = chapter-11 ] && folders+=(chapters/chapter-10/tests/cases) # its tests share them
  mapfile -t inputs < <(printf '%s\n' .cargo/config.toml x86_64-longmode.json chapters/.cargo/config.toml \
    chapters/Cargo.toml chapters/Cargo.lock
    find "${folders[@]}" -type f | sort -u)
}

# Usage: make_chapter_disk IMAGE PACKAGE DISK
make_chapter_disk() {
  make_disk "$images/$1.elf" "$kernels/chapters/$2/Cargo.toml" "$3" "$(loader_features "$1")"
}

build_chapter_disks() {
  local image
  for image in "$images"/chapter-*-test-*.elf; do
    image=$(basename "$image" .elf)
    make_chapter_disk "$image" "${image:0:10}" "$target/disks/$image.img"
  done
}
