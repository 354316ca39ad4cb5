# Guests that do what hardware forbids, each case by itself, and say what came of it. Assembly, one image each.

build_strict() {
  local source name parts
  for source in strict/src/*.asm; do
    name=strict-$(basename "$source" .asm).img
    parts=devices/src/guest.inc
    if grep -q strict/src/supervisor.inc "$source"; then parts+=' strict/src/supervisor.inc strict/src/case.inc'; fi
    nasm -f bin -o "$images/$name" "$source"
    record "$name" bios-floppy 'nasm -f bin' nasm "$source" $parts
  done
}
