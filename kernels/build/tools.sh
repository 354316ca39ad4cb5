# What the parts of the build have in common: the toolchain, the loader, the manifest's records.

require() {
  local tool missing=
  for tool in "$@"; do
    command -v "$tool" > /dev/null || missing+=" $tool"
  done
  [ -z "$missing" ] && return
  echo "build.sh: not found:$missing (the head of build.sh names the packages)" >&2
  exit 1
}

# A sysroot as rustup lays it out – LLVM's tools and rust-lld beside the host's libraries – made of links to a
# distribution's files, because the bootloader crate's build script looks there and nowhere else.
make_sysroot() {
  local real host tools tool
  sysroot=$target/sysroot
  real=$("$rustc" --print sysroot)
  host=$("$rustc" -vV | sed -n 's/^host: //p')
  if [ ! -e "$real/lib/rustlib/src/rust/library/core" ]; then
    echo "build.sh: no library sources under $real/lib/rustlib/src/rust" >&2
    exit 1
  fi
  tools=$sysroot/lib/rustlib/$host/bin
  rm -rf "$sysroot"
  mkdir -p "$sysroot/bin" "$tools"
  ln -s "$real/lib/rustlib/src" "$sysroot/lib/rustlib/src"
  ln -s "$real/lib/rustlib/$host/lib" "$sysroot/lib/rustlib/$host/lib"
  for tool in ar objcopy objdump size; do
    ln -s "$(command -v "llvm-$tool$llvm")" "$tools/llvm-$tool"
  done
  ln -s "$(command -v "lld$llvm")" "$tools/rust-lld"
  printf '#!/bin/sh\nexec %s --sysroot %s "$@"\n' "$rustc" "$sysroot" > "$sysroot/bin/rustc"
  chmod +x "$sysroot/bin/rustc"
}

# cargo with that sysroot, the given target folder, and no path of this machine in what it makes.
# Usage: run_cargo TARGET-DIR ARGUMENT...
run_cargo() {
  local directory=$1 registry remap
  shift
  remap="--remap-path-prefix=$kernels=kernels" # of several that match, the last one counts
  remap+=$'\x1f'"--remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rustc"
  remap+=$'\x1f'"--remap-path-prefix=target/sysroot/lib/rustlib/src/rust=/rustc" # so debug information names them
  for registry in "$cargo_home"/registry/src/*; do
    remap+=$'\x1f'"--remap-path-prefix=$registry=crates"
  done
  PATH=$sysroot/bin:$PATH RUSTC=$sysroot/bin/rustc CARGO_HOME=$cargo_home CARGO_TARGET_DIR=$directory \
    CARGO_ENCODED_RUSTFLAGS=$remap "$cargo" "$@"
}

# The crates must be unpacked before run_cargo can name their folder. Usage: fetch FOLDER
fetch() {
  (cd "$1" && CARGO_HOME=$cargo_home RUSTC=$rustc "$cargo" fetch --locked --quiet)
}

# A disk image as bootimage makes it: the bootloader crate of the kernel's own dependencies, compiled around the
# kernel, flattened, and padded to whole sectors. Usage: make_disk KERNEL.elf MANIFEST IMAGE [FEATURE-OF-THE-LOADER]
make_disk() {
  local kernel=$1 manifest=$2 image=$3 features=binary${4:+,$4} version source
  local loader=$target/bootloader
  version=$(sed -n '/^name = "bootloader"$/{n;s/^version = "\(.*\)"$/\1/p;}' "$kernels/Cargo.lock")
  if [ ! -e "$loader/.$version" ]; then
    source=$(echo "$cargo_home"/registry/src/*/"bootloader-$version")
    rm -rf "$loader"
    cp -r "$source" "$loader"
    chmod -R u+w "$loader"
    touch "$loader/.$version"
    fetch "$loader"
  fi
  (cd "$loader" && KERNEL=$kernel KERNEL_MANIFEST=$manifest run_cargo "$target/loader" build --quiet --locked \
    --release --bin bootloader --features "$features" --target x86_64-bootloader.json \
    -Z json-target-spec -Z build-std=core -Z build-std-features=compiler-builtins-mem)
  "llvm-objcopy$llvm" -I elf64-x86-64 -O binary --binary-architecture=i386:x86-64 \
    "$target/loader/x86_64-bootloader/release/bootloader" "$image"
  truncate --size=%512 "$image"
}

# Notes what an image is made of, for manifest.mjs. Usage: record IMAGE KIND RECIPE TOOL,TOOL... SOURCE...
record() {
  local image=$1 kind=$2 recipe=$3 tools=$4 tool
  shift 4
  {
    printf 'kind\t%s\nrecipe\t%s\n' "$kind" "$recipe"
    printf 'source\t%s\n' "$@"
    for tool in ${tools//,/ }; do
      case $tool in
        rustc) printf 'tool\trustc\t%s\n' "$("$rustc" -V)" ;;
        lld) printf 'tool\tlld\t%s\n' "$("ld.lld$llvm" --version)" ;;
        llvm) printf 'tool\tllvm\t%s\n' "$("llvm-objcopy$llvm" --version | grep -m1 version | sed 's/^ *//')" ;;
        *) printf 'tool\t%s\t%s\n' "$tool" "$("$tool" --version 2> /dev/null | head -1)" ;;
      esac
    done
  } > "$target/records/$image"
}

# The inputs that every Rust guest shares.
rust_inputs=(Cargo.toml Cargo.lock .cargo/config.toml x86_64-longmode.json)
