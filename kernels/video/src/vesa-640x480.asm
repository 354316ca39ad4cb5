; 640 by 480 in 256 colours, through banks, with a DAC of six bits.
%include "common.inc"
WIDTH equ 640
HEIGHT equ 480
DEPTH equ 8
FLAGS equ 0
BANKS equ 5
%include "vesa.inc"
%include "banks.inc"

start:
  call set_mode
  call fill_banks
  call colours
  jmp finish

  end_of_image
