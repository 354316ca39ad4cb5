; Mode 3: 80 by 25 characters in cells of nine dots.
%include "common.inc"
HEIGHT equ 16
CELLS equ 80 * 25
%include "text.inc"

start:
  mov ax, 0x0003
  int 0x10
  call load_glyphs
  call write_cells
  call colours
  jmp finish

  end_of_image
