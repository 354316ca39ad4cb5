; Drives the PCI host bridge and both ATA channels of a PC by their ports – a disk at the first, a CD-ROM drive at the
; second – by PIO, bus master DMA and packets, with IRQ 14 and 15, and says on COM1 what they answer. What it writes to the
; disk it also reads through INT 13h, and the other way round. Boots from a 1.44 MB floppy.
;
; ATA/ATAPI-6; "Programming Interface for Bus Master IDE Controller" 1.0; PCI BIOS Specification 2.1; MMC-3.

ATA     equ 0x1f0
ATAPI   equ 0x170
CONTROL equ 0x206               ; from a channel's first port on
BUFFER  equ 0x2000              ; segments
OTHER   equ 0x3000
TABLE   equ 0x7000              ; where the bus master's regions are listed

%define VOLUME 'STORAGETEST'
SERIAL_NUMBER equ 0x1efca520
STAGE_SECTORS equ 8
%include "devices/src/guest.inc"

hex16:  push ax                 ; AX, with a blank before it
        xchg al, ah
        call hex8
        xchg al, ah
        call digits
        pop ax
        ret

%macro line 1
        say {10, %1}
%endmacro

; ---- interrupts

irq14:  push dx
        mov dx, ATA + 7
        jmp irq
irq15:  push dx
        mov dx, ATAPI + 7
irq:    push ax
        inc word [cs:interrupts]
        in al, dx               ; the status, which acknowledges
        mov al, 0x20
        out 0xa0, al
        out 0x20, al
        pop ax
        pop dx
        iret

%macro told 0                   ; how many interrupts there were since the last time
        say ' irqs'
        mov ax, [interrupts]
        mov word [interrupts], 0
        call hex16
%endmacro

; ---- drives. BP: the first port of the channel

ready:  push cx                 ; until the drive is not busy; AL: the status
        lea dx, [bp + CONTROL]
        xor ecx, ecx
.again: in al, dx
        test al, 0x80
        jz .end
        dec ecx
        jnz .again
.end:   pop cx
        ret

settle: call ready              ; and the interrupt, if any, is through
        mov cx, 2000
.again: in al, dx
        loop .again
        ret

put:    push dx                 ; AL to register AH
        push ax
        movzx dx, ah
        add dx, bp
        out dx, al
        pop ax
        pop dx
        ret

%macro register 2
        mov ax, (%1) * 0x100 + (%2)
        call put
%endmacro

%macro command28 4              ; command, count, sector, features
        register 6, 0xe0
        register 1, %4
        register 2, %2
        register 3, (%3) & 0xff
        register 4, ((%3) >> 8) & 0xff
        register 5, ((%3) >> 16) & 0xff
        register 7, %1
%endmacro

%macro status 0
        call settle
        say ' status '
        lea dx, [bp + CONTROL]
        in al, dx
        call digits
        say ' error '
        lea dx, [bp + 1]
        in al, dx
        call digits
%endmacro

take:   mov ax, BUFFER          ; CX words from the data register
        mov es, ax
        xor di, di
        mov dx, bp
        rep insw
        ret

sum:    push ds                 ; of CX bytes at ES:0
        push es
        pop ds
        xor si, si
        xor bx, bx
.next:  lodsb
        xor ah, ah
        rol bx, 1
        add bx, ax
        loop .next
        pop ds
        say ' sum'
        mov ax, bx
        jmp hex16

fill:   mov es, ax              ; segment AX: 512 words that count up from BX
        xor di, di
        mov cx, 512
        mov ax, bx
.next:  stosw
        inc ax
        loop .next
        ret

firmware:                       ; INT 13h AH=42h or 43h: one sector at segment BX, EAX, drive DL, function CH
        mov [packet.sector], eax
        mov [packet.segment], bx
        mov ah, ch
        xor al, al
        mov si, packet
        int 0x13
        mov al, ah
        say ' firmware '
        jmp digits

dma:    mov dx, [master]        ; BL: command byte; a table of two regions for ECX bytes
        xor al, al
        out dx, al
        mov dword [TABLE], BUFFER * 16
        mov word [TABLE + 4], 100
        mov word [TABLE + 6], 0
        mov dword [TABLE + 8], BUFFER * 16 + 100
        sub cx, 100
        mov [TABLE + 12], cx
        mov word [TABLE + 14], 0x8000
        add dx, 2
        mov al, 0x06
        out dx, al
        add dx, 2
        mov eax, TABLE
        out dx, eax
        sub dx, 4
        mov al, bl
        and al, 8
        out dx, al
        mov al, bl
        out dx, al
        ret

stopped:
        mov dx, [master]        ; until the drive's interrupt has come
        add dx, 2
        mov ecx, 10000000
.again: in al, dx
        test al, 4
        a32 loopz .again
        call settle
        say ' master '
        mov dx, [master]
        add dx, 2
        in al, dx
        call digits
        sub dx, 2
        xor al, al
        out dx, al
        ret

%macro packet_command 3+        ; features, byte count, twelve bytes
        register 6, 0xa0
        register 1, %1
        register 4, (%2) & 0xff
        register 5, (%2) >> 8
        register 7, 0xa0
        jmp %%go
%%bytes: db %3
        times 12 - ($ - %%bytes) db 0
%%go:   call ready
        mov si, %%bytes
        mov cx, 6
        mov dx, bp
        rep outsw
%endmacro

reason: call settle
        say ' reason '
        lea dx, [bp + 2]
        in al, dx
        call digits
        say ' bytes'
        lea dx, [bp + 5]
        in al, dx
        mov ah, al
        lea dx, [bp + 4]
        in al, dx
        jmp hex16

; ---- what is tried

main:   cli
        mov word [0x76 * 4], irq14
        mov word [0x76 * 4 + 2], 0
        mov word [0x77 * 4], irq15
        mov word [0x77 * 4 + 2], 0
        in al, 0xa1
        and al, 0x3f
        out 0xa1, al
        in al, 0x21
        and al, 0xfb
        out 0x21, al
        sti

        say 'PCI BIOS'
        mov ax, 0xb101
        int 0x1a
        call hex16              ; AH 0, mechanism 1
        mov ax, bx
        call hex16
        mov eax, edx
        call hex16
        line 'functions'
        mov di, 0
.each:  mov ax, 0xb109
        mov bx, di
        push di
        mov di, 0
        int 0x1a
        pop di
        cmp cx, 0xffff
        je .none
        mov ax, di
        call hex16
.none:  inc di
        cmp di, 0x0b            ; what is behind differs between machines
        jb .each
        line 'IDE by class'
        mov ax, 0xb103
        mov ecx, 0x010180
        xor si, si
        int 0x1a
        call hex16
        mov ax, bx
        call hex16
        mov eax, 0x80000920     ; base address 4
        mov dx, 0xcf8
        out dx, eax
        mov dx, 0xcfc
        in eax, dx
        and ax, 0xfffc
        mov [master], ax
        mov eax, 0x80000904
        mov dx, 0xcf8
        out dx, eax
        mov dx, 0xcfc
        in ax, dx
        or ax, 5                ; ports, bus master: firmware may have left that to drivers
        out dx, ax
        in ax, dx
        and ax, 5
        call hex16

        mov bp, ATA
        line 'identify disk'
        register 6, 0xe0
        register 7, 0xec
        status
        told
        mov cx, 256
        call take
        line 'words 0 3 6 60 61 100 101'
        mov si, words
.word:  lodsb
        cmp al, 0xff
        je .words
        movzx bx, al
        add bx, bx
        mov ax, [es:bx]
        call hex16
        jmp .word
.words:
        line 'read 3 sectors'
        command28 0x20, 3, 77, 0
        mov bx, 3
.sector: push bx
        call settle
        mov cx, 256
        call take
        mov cx, 512
        call sum
        pop bx
        dec bx
        jnz .sector
        status
        told
        line 'read by cylinder, head, sector'
        register 6, 0xa5
        register 2, 1
        register 3, 9
        register 4, 2
        register 5, 0
        register 7, 0x20
        call settle
        mov cx, 256
        call take
        mov cx, 512
        call sum
        status
        told
        line 'read beyond 28 bits'
        register 6, 0x40
        register 2, 0
        register 2, 1
        register 3, 0x20        ; sector 12000000h behind sector 20000003h
        register 3, 0x03
        register 4, 0
        register 4, 0
        register 5, 0
        register 5, 0
        register 7, 0x24
        call settle
        mov cx, 256
        call take
        mov cx, 512
        call sum
        status
        told
        line 'write 2 sectors'
        mov ax, BUFFER
        mov bx, 0x1234
        call fill
        command28 0x30, 2, 100, 0
        call settle
        told                    ; none yet
        push ds
        mov ax, BUFFER
        mov ds, ax
        xor si, si
        mov cx, 256
        mov dx, bp
        rep outsw
        pop ds
        call settle
        push ds
        mov ax, BUFFER
        mov ds, ax
        mov si, 512
        mov cx, 256
        mov dx, bp
        rep outsw
        pop ds
        status
        told
        mov eax, 101
        mov bx, OTHER
        mov dl, 0x80
        mov ch, 0x42
        call firmware
        mov cx, 512
        mov ax, OTHER
        mov es, ax
        call sum
        line 'firmware writes, DMA reads'
        mov ax, OTHER
        mov bx, 0x5678
        call fill
        mov eax, 200
        mov bx, OTHER
        mov dl, 0x80
        mov ch, 0x43
        call firmware
        mov word [interrupts], 0
        mov cx, 1024
        mov bl, 9
        call dma
        command28 0xc8, 2, 200, 0
        call stopped
        mov ax, BUFFER
        mov es, ax
        mov cx, 1024
        call sum
        status
        told
        line 'DMA writes, firmware reads'
        mov ax, BUFFER
        mov bx, 0x9abc
        call fill
        mov cx, 512
        mov bl, 1
        call dma
        command28 0xca, 1, 300, 0
        call stopped
        status
        told
        mov eax, 300
        mov bx, OTHER
        mov dl, 0x80
        mov ch, 0x42
        call firmware
        mov cx, 512
        mov ax, OTHER
        mov es, ax
        call sum
        line 'an unknown command'
        register 6, 0xe0
        register 7, 0xff
        status
        told
        line 'without interrupts'
        lea dx, [bp + CONTROL]
        mov al, 2
        out dx, al
        command28 0x40, 5, 0, 0
        status
        told
        lea dx, [bp + CONTROL]
        xor al, al
        out dx, al
        mov cx, 100
        call settle
        mov word [interrupts], 0

        mov bp, ATAPI
        line 'identify packet device'
        register 6, 0xa0
        register 7, 0xa1
        status
        told
        mov cx, 256
        call take
        mov ax, [es:0]
        call hex16
        line 'capacity'
        packet_command 0, 0xfffe, 0x25
        call reason
        mov cx, 4
        call take
        mov cx, 8
        call sum
        call reason
        told
        line 'read 2 sectors by PIO'
        packet_command 0, 2048, 0x28, 0, 0, 0, 0, 16, 0, 0, 2
        call reason
        mov cx, 1024
        call take
        mov cx, 2048
        call sum
        call reason
        mov cx, 1024
        call take
        mov cx, 2048
        call sum
        call reason
        status
        told
        line 'read 1 sector by DMA'
        mov cx, 2048
        mov bl, 9
        add word [master], 8
        call dma
        packet_command 1, 0, 0xa8, 0, 0, 0, 0, 20, 0, 0, 0, 1
        call stopped
        mov ax, BUFFER
        mov es, ax
        mov cx, 2048
        call sum
        status
        told
        line 'beyond the end'
        packet_command 0, 2048, 0x28, 0, 0xff, 0, 0, 0, 0, 0, 1
        call settle
        told
        packet_command 0, 18, 0x03, 0, 0, 0, 18
        call settle
        mov cx, 9
        call take
        mov ax, [es:2]
        call hex16              ; the sense key
        mov ax, [es:12]
        call hex16
        mov word [interrupts], 0
        line 'firmware reads the CD'
        mov eax, 21
        mov bx, OTHER
        mov dl, 0xe0
        mov ch, 0x42
        call firmware
        mov cx, 2048
        mov ax, OTHER
        mov es, ax
        call sum
        line 'end'
        mov al, 10
        call putc
        mov al, 0x10
        out EXIT, al
        hlt

words:  db 0, 3, 6, 60, 61, 100, 101, 0xff
packet: db 16, 0
        dw 1, 0
.segment: dw 0
.sector: dd 0, 0
interrupts: dw 0
master: dw 0

        times 512 * (1 + STAGE_SECTORS) - ($ - $$) db 0
