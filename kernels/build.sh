#!/usr/bin/env bash
# Builds every image in images/ from the sources in this folder. The same inputs give the same bytes, in whatever
# folder and under whatever home this runs.
# Usage: ./build.sh [hello|bench|faults|chapters|multiboot2|devices|strict|video|bootloader-api|disks]...   (default: all but disks)
#
#   disks   BIOS disk images of the other 64-bit guests, in target/disks/ (not committed; check.mjs boots them)
#
# Installs nothing. Debian's packages that it needs:
#   rustc-web cargo-web rust-web-src lld-22 llvm-22 nasm gcc binutils nodejs
# RUSTC, CARGO and LLVM (the suffix of LLVM's tools) choose others; compiler and library sources must be of one version.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")"
kernels=$PWD
target=$kernels/target
images=$kernels/images

rustc=${RUSTC:-/usr/bin/rustc}
cargo=${CARGO:-/usr/bin/cargo}
llvm=${LLVM--22}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
source ./build/tools.sh
source ./build/hello.sh
source ./build/bench.sh
source ./build/faults.sh
source ./build/chapters.sh
source ./build/multiboot2.sh
source ./build/devices.sh
source ./build/strict.sh
source ./build/video.sh
source ./build/bootloader-api.sh

require "$rustc" "$cargo" "llvm-objcopy$llvm" "lld$llvm" nasm gcc ld objcopy node
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=0
export RUSTC_BOOTSTRAP=1 # `core` is compiled for the target, which needs unstable options
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET CARGO_TARGET_DIR
rm -rf "$target/records"
mkdir -p "$target/records" "$images"
make_sysroot

for part in "${@:-hello bench faults chapters multiboot2 devices strict video bootloader-api}"; do
  for name in $part; do
    case $name in
      hello) build_hello ;;
      bench) build_bench ;;
      faults) build_faults ;;
      chapters) build_chapters ;;
      multiboot2) build_multiboot2 ;;
      devices) build_devices ;;
      strict) build_strict ;;
      video) build_video ;;
      bootloader-api) build_bootloader_api ;;
      disks) build_disks ;;
      *) echo "build.sh: no such part: $name" >&2; exit 2 ;;
    esac
  done
done
find "$images" -type f -exec chmod 644 {} +
node "$kernels/manifest.mjs" write "$target/records"
