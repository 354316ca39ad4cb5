; Mode 12h: 640 by 480 in sixteen colours; the lower half is another page, behind a line compare.
%include "common.inc"
PITCH equ 80
%include "planar.inc"

start:
  mov ax, 0x0012
  int 0x10
  call draw_planes
  call colours
  indexed 0x3d4, 0x0c, (80 * 60) >> 8
  indexed 0x3d4, 0x0d, (80 * 60) & 0xff
  indexed 0x3d4, 0x11, 0x0c     ; registers 0 to 7 may be written
  indexed 0x3d4, 0x18, 299 & 0xff
  indexed 0x3d4, 0x07, 0x3e     ; bit 8 is there already
  indexed 0x3d4, 0x09, 0x00     ; bit 9
  jmp finish

  end_of_image
