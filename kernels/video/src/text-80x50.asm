; Mode 3 with glyphs of eight lines: 80 by 50 characters.
%include "common.inc"
HEIGHT equ 8
CELLS equ 80 * 50
%include "text.inc"

start:
  mov ax, 0x0003
  int 0x10
  mov ax, 0x1112
  mov bl, 0
  int 0x10
  call load_glyphs
  call write_cells
  call colours
  jmp finish

  end_of_image
