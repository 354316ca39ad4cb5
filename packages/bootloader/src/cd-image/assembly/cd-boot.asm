; The boot image of a CD made by buildMultibootCd: places what the load list says, tells the kernel what it finds of the
; machine, and enters the kernel as Multiboot has it. Entered by the BIOS at 0:7C00h in real mode, drive number in DL.

BOOT_IMAGE              equ 0x7c00
MEMORY_MAP              equ 0xa000      ; what the BIOS reports, 24 bytes each
MEMORY_MAP_MAX          equ 64          ; the information has room for as many
LOAD_LIST               equ 0xb000      ; address, bytes, sector on the CD (0: zeros), offset in it; 4 bytes each
LOAD_STEP_SIZE          equ 16
TRANSFER_BUFFER         equ 0x70000     ; neither the kernel nor the information lies here, nor below 0x10000
TRANSFER_SECTORS        equ 16
SECTOR                  equ 2048
KERNEL_STACK            equ 0x7ff00
READ_ATTEMPTS           equ 5           ; a drive may have to spin up
COM1                    equ 0x3f8
ONE_MIB                 equ 0x100000

%include "com1.inc"

        org     BOOT_IMAGE
        bits    16

        jmp     near start
        align   8, db 0

; What buildMultibootCd fills in, from offset 8.
parameters:
.list_sector            dd 0
.list_sectors           dd 0
.steps                  dd 0
.magic                  dd 0            ; for EAX; it also tells which Multiboot it is
.information            dd 0
.descriptor_table       dd 0            ; of 24 bytes, code at 08h, data at 10h
.entry                  dd 0

MULTIBOOT2_MAGIC        equ 0x36d76289

start:
        cli
        cld
        jmp     0:.canonical            ; some BIOSes come here as 07C0:0000
.canonical:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, BOOT_IMAGE
        sti
        mov     [drive], dl

        call    open_a20
        call    read_memory_map

        mov     eax, [parameters.list_sector]
        mov     [address_packet.block], eax
        mov     ax, [parameters.list_sectors]
        call    read_sectors
        mov     esi, TRANSFER_BUFFER
        mov     edi, LOAD_LIST
        movzx   ecx, word [parameters.list_sectors]
        shl     ecx, 11
        call    copy_high

        mov     bx, LOAD_LIST
.step:  push    bx
        call    place
        pop     bx
        add     bx, LOAD_STEP_SIZE
        dec     word [parameters.steps]
        jnz     .step

        mov     ax, 0x0003              ; text, and a clear screen
        int     0x10
        jmp     enter_kernel

; One step of the load list, at BX.
place:
        mov     eax, [bx]
        mov     [copy_to], eax
        mov     edx, [bx + 4]
        mov     [bytes_left], edx
        add     edx, eax
        push    bx
        call    is_usable
        pop     bx
        mov     si, no_memory
        jnc     fail
        mov     eax, [bx + 8]
        mov     [address_packet.block], eax
        mov     edx, [bx + 12]
        mov     [offset], edx
        test    eax, eax
        jnz     .piece

        push    es                      ; zeros come from the buffer, too
        push    TRANSFER_BUFFER >> 4
        pop     es
        xor     di, di
        mov     cx, TRANSFER_SECTORS * SECTOR / 2
        xor     ax, ax
        rep     stosw
        pop     es

.piece: mov     ecx, TRANSFER_SECTORS * SECTOR
        sub     ecx, [offset]
        cmp     ecx, [bytes_left]
        jbe     .size
        mov     ecx, [bytes_left]
.size:  jecxz   .done
        push    ecx
        cmp     dword [address_packet.block], 0
        je      .copy
        mov     eax, [offset]
        add     eax, ecx
        add     eax, SECTOR - 1
        shr     eax, 11
        call    read_sectors
        add     dword [address_packet.block], TRANSFER_SECTORS
.copy:  pop     ecx
        mov     esi, TRANSFER_BUFFER
        add     esi, [offset]
        mov     edi, [copy_to]
        add     [copy_to], ecx
        sub     [bytes_left], ecx
        call    copy_high
        mov     dword [offset], 0
        jmp     .piece
.done:  ret

%include "a20.inc"
%include "memory-map.inc"
%include "drive.inc"
%include "copy-high.inc"
%include "fail16.inc"
%include "information.inc"

no_memory       db      "the kernel needs memory that this machine does not have, or not free", 0

        times   SECTOR - ($ - $$) db 0

; Variables are behind the code.
        absolute BOOT_IMAGE + SECTOR
drive                   resb 1
alignb 4
copy_to                 resd 1
bytes_left              resd 1
offset                  resd 1
memory_map_count        resd 1
memory_lower            resd 1
memory_upper            resd 1
