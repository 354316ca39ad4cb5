; Mode 0Dh: 320 by 200 in sixteen colours.
%include "common.inc"
PITCH equ 40
%include "planar.inc"

start:
  mov ax, 0x000d
  int 0x10
  call draw_planes
  call colours
  jmp finish

  end_of_image
