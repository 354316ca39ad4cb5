# The bench guests: each workload as a 64-bit guest for the bootloader crate's hand-over, as a 64-bit guest for
# Multiboot 1, and as a 32-bit one for Multiboot 1. A workload is a C file of its name; parts that only guests have are
# beside it: NAME.h, NAME-PART.c, NAME-PART.S.

workloads=(xorshift64 sieve fibonacci checksum copy hashtable quicksort bytecode syscall mix)

build_bench() {
  local workload
  mkdir -p "$target/bench"
  for workload in "${workloads[@]}"; do
    link_bench "$workload" "" elf64-direct DIRECT 64 -Wl,-m,elf_x86_64 -Wl,-Ttext-segment=0x200000
    link_bench "$workload" -mb1 multiboot1-elf32 MULTIBOOT64 64 -Wl,-m,elf_x86_64 -Wl,-T,bench/src/multiboot.ld
    objcopy -O elf32-i386 "$images/bench-$workload-mb1.elf"
    link_bench "$workload" -i386 multiboot1-elf32 MULTIBOOT32 32 -Wl,-m,elf_i386 -Wl,-T,bench/src/multiboot.ld
  done
  expect_bench > bench/expected.json
}

# What each workload gives, as programs of the build machine find it.
expect_bench() {
  local workload separator=
  printf '{'
  for workload in "${workloads[@]}"; do
    gcc -std=c17 -O1 -D_GNU_SOURCE -DHOSTED -o "$target/bench/native" bench/src/main.c "bench/src/$workload.c"
    printf '%s\n  "%s": "%s"' "$separator" "$workload" "$("$target/bench/native" | cut -d' ' -f2 | tr -d '\r')"
    separator=,
  done
  printf '\n}\n'
}

# Usage: link_bench WORKLOAD SUFFIX KIND ENTRY BITS LINKER-OPTION...
link_bench() {
  local workload=$1 suffix=$2 kind=$3 entry=$4 bits=$5
  shift 5
  local compile=(gcc "-m$bits" -std=c17 -O1 -Wall -Wextra -ffreestanding -fno-pic -fno-asynchronous-unwind-tables
    -fno-stack-protector -fno-tree-loop-distribute-patterns -fcf-protection=none -mgeneral-regs-only)
  [ "$bits" = 64 ] && compile+=(-mno-red-zone)
  local part headers=() sources=(bench/src/main.c "bench/src/$workload.c")
  for part in "bench/src/$workload.h" "bench/src/$workload"-*.[cS]; do
    [ -e "$part" ] || continue
    case $part in
      *.h) headers+=("$part") ;;
      *) sources+=("$part") ;;
    esac
  done
  sources+=(bench/src/start.S)
  local inputs=("${sources[@]}" bench/src/workload.h "${headers[@]}")
  [ "$entry" = DIRECT ] || inputs+=(bench/src/multiboot.ld)
  local image=bench-$workload$suffix.elf
  # One file at a time, so that the temporary objects' names do not get into the symbol table.
  local source object objects=()
  for source in "${sources[@]}"; do
    object=$target/bench/$(basename "$source").o
    "${compile[@]}" "-D$entry" -c -o "$object" "$source"
    objects+=("$object")
  done
  gcc "-m$bits" -static -no-pie -nostdlib -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 "$@" \
    -o "$images/$image" "${objects[@]}"
  record "$image" "$kind" "gcc -m$bits -O1 -ffreestanding -D$entry" gcc,ld "${inputs[@]}"
}
