; The hello guest as one boot sector: from real mode, where the BIOS leaves a machine, through protected mode into
; long mode, and there the same screen, the same bytes on COM1 and the same exit as the other forms.
;
; Assemble with: nasm -f bin boot-sector.asm

        bits    16
        org     0x7c00

PML4            equ 0x1000              ; three paging structures, 4 KiB each, in memory that the BIOS leaves free
PDPT            equ 0x2000
PD              equ 0x3000
STACK_TOP       equ 0x7c00

CODE64          equ 0x08
CODE32          equ 0x10
DATA            equ 0x18

COM1            equ 0x3f8
UART_LSR        equ COM1 + 5
EXIT_PORT       equ 0xf4
SCREEN          equ 0xb8000
COLUMNS         equ 80
ROWS            equ 25
ATTRIBUTE       equ 0x0e                ; yellow on black

real_mode:
        cli
        cld
        jmp     0:.canonical            ; some BIOSes come here as 07c0:0000
.canonical:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, STACK_TOP

        in      al, 0x92                ; A20 by system control port A; bit 0 would be a reset
        or      al, 2
        and     al, 0xfe
        out     0x92, al

        lgdt    [gdt_pointer]
        mov     eax, cr0
        or      al, 1                   ; CR0.PE
        mov     cr0, eax
        jmp     CODE32:protected_mode

        bits    32
protected_mode:
        mov     ax, DATA
        mov     ds, ax
        mov     es, ax
        mov     ss, ax

        mov     edi, PML4               ; clear all three structures
        mov     cr3, edi
        xor     eax, eax
        mov     ecx, 3 * 4096 / 4
        rep     stosd
        mov     dword [PML4], PDPT + 3  ; present, writable
        mov     dword [PDPT], PD + 3
        mov     dword [PD], 0x83        ; the first 2 MiB to themselves: present, writable, page size

        mov     eax, cr4
        or      al, 0x20                ; CR4.PAE
        mov     cr4, eax
        mov     ecx, 0xc0000080         ; EFER.LME
        rdmsr
        or      ah, 1
        wrmsr
        mov     eax, cr0
        or      eax, 0x80000000         ; CR0.PG: long mode is active, in its compatibility mode
        mov     cr0, eax
        jmp     CODE64:long_mode

        bits    64
long_mode:
        mov     edi, SCREEN             ; four blank cells at a time
        mov     rax, 0x0100010001000100 * ATTRIBUTE + 0x0020002000200020
        mov     ecx, COLUMNS * ROWS / 4
        rep     stosq
        mov     dx, 0x3d4               ; cursor start register: hide the cursor
        mov     ax, 0x200a
        out     dx, ax

        mov     esi, uart_setup
        mov     ecx, (uart_setup_end - uart_setup) / 2
.setup: lodsw                           ; AL = register, AH = value
        movzx   edx, al
        add     edx, COM1
        mov     al, ah
        out     dx, al
        loop    .setup

        mov     esi, text               ; on the screen, the line above the last one
        mov     edi, SCREEN + (ROWS - 2) * COLUMNS * 2
        mov     ah, ATTRIBUTE
        mov     ecx, TEXT_LENGTH
.cell:  lodsb
        stosw
        loop    .cell

        mov     esi, text
        mov     ecx, TEXT_LENGTH + 2
.byte:  mov     edx, UART_LSR
.wait:  in      al, dx
        test    al, 0x20                ; THRE: the transmitter takes a byte
        jz      .wait
        lodsb
        mov     edx, COM1
        out     dx, al
        loop    .byte

        mov     eax, 0x10               ; success: exit status (0x10 << 1) | 1
        out     EXIT_PORT, eax
.stop:  hlt                             ; without an exit device, stand still; interrupts are off
        jmp     .stop

; The UART's registers in the order in which they are written, and their values.
uart_setup:
        db      1, 0x00                 ; IER: no interrupts
        db      3, 0x80                 ; LCR: divisor latch
        db      0, 12                   ; DLL: 9600 baud
        db      1, 0x00                 ; DLM
        db      3, 0x03                 ; LCR: 8 data bits, no parity, 1 stop bit
        db      2, 0xc7                 ; FCR: FIFOs on and empty, trigger at 14
        db      4, 0x0b                 ; MCR: DTR, RTS, OUT2
uart_setup_end:

text            db 'Hello World!'
TEXT_LENGTH     equ $ - text
                db 13, 10

        align   8
gdt:    dq      0
        dq      0x00209a0000000000      ; 64-bit code, ring 0
        dq      0x00cf9a000000ffff      ; 32-bit code, flat
        dq      0x00cf92000000ffff      ; data, flat
gdt_pointer:
        dw      gdt_pointer - gdt - 1
        dd      gdt

        times   510 - ($ - $$) db 0
        dw      0xaa55
