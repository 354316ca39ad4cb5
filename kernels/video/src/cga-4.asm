; Mode 4: 320 by 200 in four colours, even and odd lines in banks of 8 KiB.
%include "common.inc"
%include "cga.inc"

start:
  mov ax, 0x0004
  int 0x10
  call fill_memory
  call colours
  jmp finish

  end_of_image
