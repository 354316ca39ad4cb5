# The guest that says what a Multiboot 2 loader handed over: as ELF32, as ELF64, and as an ELF32 that may be moved. All
# are the same 32-bit code, which runs wherever it lies.

build_multiboot2() {
  mkdir -p "$target/multiboot2"
  link_multiboot2 multiboot2-elf32.elf multiboot2-elf32
  link_multiboot2 multiboot2-relocatable.elf multiboot2-elf32 -DRELOCATABLE
  objcopy -O elf64-x86-64 "$images/multiboot2-elf32.elf" "$images/multiboot2-elf64.elf"
  record multiboot2-elf64.elf multiboot2-elf64 'multiboot2-elf32.elf; objcopy -O elf64-x86-64' gcc,ld,objcopy \
    "${multiboot2_inputs[@]}"
}

multiboot2_inputs=(multiboot2/src/start.S multiboot2/src/report.c multiboot2/src/multiboot2.ld)

# Usage: link_multiboot2 IMAGE KIND [DEFINITION]
link_multiboot2() {
  local image=$1 kind=$2 definition=${3:-} source objects=()
  for source in start.S report.c; do
    objects+=("$target/multiboot2/$source.o")
    gcc -m32 -std=c17 -O1 -Wall -Wextra -ffreestanding -fpie -fno-asynchronous-unwind-tables -fno-stack-protector \
      -fno-tree-loop-distribute-patterns -fno-jump-tables -fcf-protection=none -mgeneral-regs-only \
      ${definition:+"$definition"} -c -o "${objects[-1]}" "multiboot2/src/$source"
  done
  ld -m elf_i386 -static --build-id=none -z noexecstack -z max-page-size=4096 -T multiboot2/src/multiboot2.ld \
    -o "$images/$image" "${objects[@]}"
  record "$image" "$kind" "gcc -m32 -O1 -ffreestanding -fpie${definition:+ $definition}" gcc,ld "${multiboot2_inputs[@]}"
}
