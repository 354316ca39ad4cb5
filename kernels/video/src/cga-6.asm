; Mode 6: 640 by 200 in two colours, even and odd lines in banks of 8 KiB.
%include "common.inc"

start:
  mov ax, 0x0006
  int 0x10
  mov ax, 0xb800
  mov es, ax
  xor di, di
.byte:
  mov ax, di
  mov bx, di
  shr bx, 5
  add ax, bx
  xor al, ah
  stosb
  cmp di, 0x4000
  jb .byte
  call colours
  jmp finish

  end_of_image
