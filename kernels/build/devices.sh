# Guests that drive one part of the machine by its ports and say what it answers. Assembly, one image each.

build_devices() {
  local source name
  for source in devices/src/*.asm; do
    name=device-$(basename "$source" .asm).img
    nasm -f bin -o "$images/$name" "$source"
    record "$name" bios-floppy 'nasm -f bin' nasm "$source" devices/src/*.inc
  done
}
