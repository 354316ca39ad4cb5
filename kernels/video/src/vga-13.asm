; Mode 13h: 320 by 200 in 256 colours.
%include "common.inc"

start:
  mov ax, 0x0013
  int 0x10
  mov ax, 0xa000
  mov es, ax
  xor di, di
.byte:
  mov ax, di
  xor dx, dx
  mov bx, 320
  div bx
  mul dl
  add ax, dx
  stosb
  cmp di, 64000
  jb .byte
  call colours
  jmp finish

  end_of_image
