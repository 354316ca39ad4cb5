; 1280 by 720 in 32 bits, in the linear frame buffer.
%include "common.inc"
WIDTH equ 1280
HEIGHT equ 720
DEPTH equ 32
FLAGS equ 0x4000
%include "vesa.inc"

start:
  call set_mode
  ; A data segment of 4 GiB that stays when protection is off again.
  cli
  lgdt [.table]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  mov bx, 8
  mov fs, bx
  and al, 0xfe
  mov cr0, eax
  mov edi, [MODE + 0x28]
  xor edx, edx                  ; line
.line:
  xor ecx, ecx                  ; column
.pixel:
  mov eax, ecx
  imul eax, edx
  add eax, ecx
  shl edx, 8
  xor eax, edx
  shr edx, 8
  mov [fs:edi + 4 * ecx], eax
  inc ecx
  cmp ecx, WIDTH
  jb .pixel
  movzx eax, word [MODE + 0x10]
  add edi, eax
  inc edx
  cmp edx, HEIGHT
  jb .line
  jmp finish

align 8
.descriptors:
  dq 0
  dq 0x00cf92000000ffff
.table:
  dw 15
  dd .descriptors

  end_of_image
