; Mode 1: 40 by 25 characters, with cells of eight dots, since emulators disagree on how wide nine slow dots are.
%include "common.inc"
HEIGHT equ 16
CELLS equ 40 * 25
%include "text.inc"

start:
  mov ax, 0x0001
  int 0x10
  call load_glyphs
  call write_cells
  call colours
  indexed 0x3c4, 0, 1
  indexed 0x3c4, 1, 0x09
  indexed 0x3c4, 0, 3
  jmp finish

  end_of_image
