# Guests that set a video mode and fill it with a picture. Assembly, one boot sector with a few more behind it each.

build_video() {
  local source name
  for source in video/src/*.asm; do
    name=video-$(basename "$source" .asm).img
    nasm -f bin -I video/src -o "$images/$name" "$source"
    record "$name" bios-disk 'nasm -f bin' nasm "$source" video/src/*.inc
  done
}
