; 800 by 600 in 16 bits, through banks, on a virtual screen of 1024 pixels of which it begins at pixel 40 of line 7.
%include "common.inc"
WIDTH equ 800
HEIGHT equ 600
DEPTH equ 16
FLAGS equ 0
BANKS equ 20
%include "vesa.inc"
%include "banks.inc"

start:
  call set_mode
  mov ax, 0x4f06
  mov bl, 0
  mov cx, 1024
  int 0x10
  mov ax, 0x4f07
  xor bx, bx
  mov cx, 40
  mov dx, 7
  int 0x10
  call fill_banks
  jmp finish

  end_of_image
