; The second stage of a disk made by buildDiskImage. It reads the kernel's ELF file from the disk, enters long mode,
; places the segments at their virtual addresses, and enters the kernel as the bootloader crate 0.9 does.
;
;   real-mode.inc   A20, the BIOS's memory map, the file
;   long-mode.inc   through protected mode into long mode, on working tables
;   elf.inc         the file's headers: checks, addresses, relocations
;   memory.inc      frames and page tables
;   hand-over.inc   boot information, the kernel's stack, the last instructions

%include "layout.inc"
%include "com1.inc"

        org     SECOND_STAGE

        bits    16
        jmp     near real_mode
        db      0
        dd      SIGNATURE

; What buildDiskImage fills in, from offset 8.
parameters:
.kernel_block           dq 0            ; block address of the file's first sector
.kernel_size            dq 0            ; bytes
.stack_address          dq 0            ; of the guard page
.physical_offset        dq 0
.boot_info_address      dq 0
.stack_pages            dd 0
.flags                  dd 0

MAP_PHYSICAL_MEMORY     equ 0x01
RECURSIVE_TABLE         equ 0x02
SSE                     equ 0x04
VGA_320X200             equ 0x08
HAS_STACK_ADDRESS       equ 0x10
HAS_PHYSICAL_OFFSET     equ 0x20
HAS_BOOT_INFO_ADDRESS   equ 0x40

%include "real-mode.inc"
%include "long-mode.inc"
%include "memory.inc"
%include "elf.inc"
%include "hand-over.inc"
%include "messages.inc"

        times   SECOND_STAGE_SECTORS * 512 - ($ - $$) db 0

; Variables that begin as nothing in particular are behind the code.
        absolute USED_RANGES + USED_RANGES_MAX * 24
alignb 8
variables:
drive                   resb 1
alignb 8
sectors_left            resq 1
copy_to                 resd 1
memory_map_count        resd 1
used_count              resd 1
frame_type              resq 1
next_frame              resq 1
memory_end              resq 1
file_end                resq 1
kernel_file_end         resq 1
segment_number          resd 1
each_segment            resq 1
load_bias               resq 1
packed_table            resq 1
packed_size             resq 1
entry_point             resq 1
tls                     resq 3
no_execute              resq 1
recursive_address       resq 1
physical_size           resq 1
physical_offset         resq 1
boot_info_address       resq 1
boot_info_frame         resq 1
guard_page              resq 1
stack_top               resq 1
variables_end:
%if variables_end > SLOTS
%error "the variables reach into what follows"
%endif
