; The first sector of a disk made by buildDiskImage: loads the second stage from the sectors behind it.
; Entered by the BIOS at 0:7C00h in real mode, with the drive's number in DL.

%include "layout.inc"
%include "com1.inc"

        bits    16
        org     BOOT_SECTOR

        jmp     short start
        nop
        times   0x3e - ($ - $$) db 0    ; some BIOSes fill in a floppy's parameters here
start:
        cli
        cld
        jmp     0:canonical             ; some BIOSes come here as 07C0:0000
canonical:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, BOOT_SECTOR
        sti
        mov     [drive], dl

        mov     ah, 0x41                ; are there the extensions, and among them reading by block address?
        mov     bx, 0x55aa
        int     0x13
        mov     si, no_extensions
        jc      fail
        cmp     bx, 0xaa55
        jne     fail
        test    cl, 1
        jz      fail

        mov     bp, READ_ATTEMPTS
.read:
        mov     si, address_packet
        mov     dl, [drive]
        mov     ah, 0x42
        int     0x13
        jnc     .loaded
        xor     ah, ah                  ; reset the drive, try again
        mov     dl, [drive]
        int     0x13
        mov     word [address_packet.count], SECOND_STAGE_SECTORS ; what was read may have been put here
        dec     bp
        jnz     .read
        mov     si, read_error
        jmp     fail
.loaded:
        mov     si, no_second_stage
        cmp     dword [SECOND_STAGE + SIGNATURE_OFFSET], SIGNATURE
        jne     fail
        mov     dl, [drive]
        jmp     0:SECOND_STAGE

%include "fail16.inc"

no_extensions   db      "the BIOS cannot read this drive by block addresses (INT 13h, AH=42h)", 0
read_error      db      "the drive cannot be read", 0
no_second_stage db      "the second stage is damaged", 0

        align   4
address_packet:
        db      16, 0
.count  dw      SECOND_STAGE_SECTORS
        dw      SECOND_STAGE, 0         ; offset, segment
        dq      1                       ; block address

drive   db      0

        times   PARTITION_TABLE - ($ - $$) db 0
        times   510 - ($ - $$) db 0     ; filled in by buildDiskImage
        dw      0xaa55
