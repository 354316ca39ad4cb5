; 320 by 240 in 256 colours without chain 4: four planes of pixels, and a line longer than the screen.
%include "common.inc"

start:
  mov ax, 0x0013
  int 0x10
  indexed 0x3c4, 4, 0x06
  indexed 0x3c4, 0, 0x01
  mov dx, 0x3c2
  mov al, 0xe3
  out dx, al
  indexed 0x3c4, 0, 0x03
  indexed 0x3d4, 0x11, 0x0c
  mov si, .crtc
  call crtc_registers
  mov ax, 0xa000
  mov es, ax
  xor cx, cx
.plane:
  mov dx, 0x3c4
  mov ax, 0x0102
  shl ah, cl
  out dx, ax
  xor di, di
.byte:
  mov ax, di
  mov bx, di
  shr bx, 6
  add ax, bx
  mov bl, cl
  shl bl, 3
  xor al, bl
  stosb
  cmp di, 88 * 242
  jb .byte
  inc cl
  cmp cl, 4
  jb .plane
  call colours
  jmp finish

.crtc:
  dw 0x0d06, 0x3e07, 0x4109, 0xea10, 0xac11, 0xdf12, 0x2c13, 0x0014, 0xe715, 0x0616, 0xe317
  dw 0x000c, 0xb10d             ; two lines and one column of four pixels further
  dw 0xffff

  end_of_image
