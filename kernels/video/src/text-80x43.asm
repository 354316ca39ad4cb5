; Mode 3 with 344 scan lines and glyphs of eight: 80 by 43 characters, two fonts chosen by attribute bit 3, and the page
; begins one row further down.
%include "common.inc"
HEIGHT equ 8
CELLS equ 80 * 44
%include "text.inc"

start:
  mov ax, 0x0003
  int 0x10
  mov ax, 0x1112
  mov bl, 0
  int 0x10
  call load_glyphs
  mov ax, 0x1100                ; the same glyphs, one code later, up to AFh, in block 1
  mov bx, HEIGHT << 8 | 1
  mov cx, 0xaf
  mov dx, 1
  xor bp, bp
  int 0x10
  call write_cells
  mov ax, 0x1103
  mov bl, 0x04                  ; bit 3 set: block 1
  int 0x10
  call colours
  indexed 0x3d4, 0x0d, 80
  mov dx, 0x3c2                 ; the timing of 350 lines, of which the last six are not shown
  mov al, 0xa7
  out dx, al
  mov si, .crtc
  call crtc_registers
  jmp finish

.crtc:
  dw 0x0511, 0x8310, 0x5712, 0x6315, 0xba16, 0x4709, 0x8511
  dw 0xffff

  end_of_image
