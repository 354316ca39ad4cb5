; Drives the floppy controller of a PC by its ports, with DMA channel 2 and IRQ 6, and says on COM1 what it answers.
; What it writes it also reads through INT 13h, and the other way round. Boots from a 1.44 MB floppy.
;
; Intel 82077AA data sheet; Intel 8237A data sheet; IBM Personal Computer AT Technical Reference.

DOR     equ 0x3f2
MSR     equ 0x3f4
FIFO    equ 0x3f5
DIR     equ 0x3f7

STAGE_SECTORS equ 7
BUFFER_A equ 0x2000             ; segments of buffers that cross no 64 KiB boundary
BUFFER_B equ 0x2100

%define VOLUME 'FLOPPYGUEST'
SERIAL_NUMBER equ 0x1efca51f
%include "devices/src/guest.inc"

; ---- the controller

irq6:   push ax
        mov byte [cs:happened], 1
        or byte [cs:0x43e], 0x80 ; what the firmware's own handler does, and INT 13h may wait for
        mov al, 0x20
        out 0x20, al
        pop ax
        iret

await:  sti                     ; until the interrupt has come
.again: cmp byte [happened], 0
        jne .end
        hlt
        jmp .again
.end:   mov byte [happened], 0
        ret

send:   push dx                 ; AL
        push ax
        mov dx, MSR
.wait:  in al, dx
        and al, 0xc0
        cmp al, 0x80
        jne .wait
        pop ax
        mov dx, FIFO
        out dx, al
        pop dx
        ret

sends:  lodsb                   ; SI: a length and so many command bytes
        movzx cx, al
.next:  lodsb
        call send
        loop .next
        ret

results:                        ; says every result byte that there is
        mov dx, MSR
.wait:  in al, dx
        test al, 0x80
        jz .wait
        test al, 0x40
        jz .end
        mov dx, FIFO
        in al, dx
        call hex8
        jmp results
.end:   jmp newline

%macro command 1+
        jmp %%go
%%bytes: db %%end - $ - 1
        db %1
%%end:
%%go:   mov si, %%bytes
        call sends
%endmacro

sense:  command 0x08
        jmp results

; DMA channel 2: AL mode, BX segment, CX bytes
dma:    push ax
        mov al, 0x06
        out 0x0a, al
        out 0x0c, al
        pop ax
        out 0x0b, al
        mov ax, bx
        shl ax, 4
        out 0x04, al
        mov al, ah
        out 0x04, al
        mov ax, bx
        shr ax, 12
        out 0x81, al
        mov ax, cx
        dec ax
        out 0x05, al
        mov al, ah
        out 0x05, al
        mov al, 0x02
        out 0x0a, al
        ret

dma_state:                      ; says the address and the count that are left, and whether the terminal count came
        out 0x0c, al
        in al, 0x04
        call hex8
        in al, 0x04
        call hex8
        in al, 0x05
        call hex8
        in al, 0x05
        call hex8
        in al, 0x08
        and al, 0x04
        call hex8
        jmp newline

TO_MEMORY   equ 0x46
FROM_MEMORY equ 0x4a

; ---- buffers

fill:   mov es, bx              ; BX segment, CX bytes, AL the first byte
        xor di, di
.next:  stosb
        add al, 7
        loop .next
        push 0
        pop es
        ret

clear:  mov es, bx
        xor di, di
        mov cx, 0x1000
        xor al, al
        rep stosb
        push 0
        pop es
        ret

compare:                        ; CX bytes of both buffers
        push ds
        mov ax, BUFFER_A
        mov ds, ax
        mov ax, BUFFER_B
        mov es, ax
        xor si, si
        xor di, di
        repe cmpsb
        pop ds
        push 0
        pop es
        jne .differ
        say ' equal'
        jmp newline
.differ: say ' differ'
        jmp newline

sum:    mov es, bx              ; BX segment, CX bytes: says their sum, 16 bits
        xor di, di
        xor dx, dx
.next:  movzx ax, byte [es:di]
        rol dx, 1
        add dx, ax
        inc di
        loop .next
        mov al, dh
        call hex8
        mov al, dl
        call hex8
        push 0
        pop es
        jmp newline

main:   cli
        mov word [0x0e * 4], irq6
        mov word [0x0e * 4 + 2], 0
        in al, 0x21
        and al, 0xbf
        out 0x21, al
        sti

        mov byte [0x440], 0xff  ; the firmware's timer leaves the motors alone for a while

        say 'INT 13h AH=08h:'
        mov ax, 0x0800
        mov dx, 0
        int 0x13
        pushf
        mov al, bl
        call hex8
        mov al, ch
        call hex8
        mov al, cl
        call hex8
        mov al, dh
        call hex8
        mov al, dl
        call hex8
        popf
        sbb al, al
        push 0
        pop es
        call hex8
        call newline

        say 'reset:'
        mov byte [happened], 0
        mov dx, DOR
        xor al, al
        out dx, al
        mov al, 0x1c
        out dx, al
        call await
        mov dx, DIR
        xor al, al
        out dx, al
        mov dx, MSR
        in al, dx
        call hex8
        call newline
        mov cx, 4
.polled: push cx
        say ' polled'
        call sense
        pop cx
        loop .polled
        say 'nothing more to sense'
        call sense

        say 'version'
        command 0x10
        call results
        say 'unknown command'
        command 0x1e
        call results
        say 'lock'
        command 0x94
        call results
        say 'unlock'
        command 0x14
        call results
        command 0x03, 0xdf, 0x02
        say 'recalibrate'
        command 0x07, 0
        call await
        call sense
        say 'drive at track 0'
        command 0x04, 0
        call results
        say 'seek'
        command 0x0f, 0x04, 5
        call await
        call sense
        say 'drive at track 5'
        command 0x04, 0x04
        call results
        say 'changed'
        mov dx, DIR
        in al, dx
        and al, 0x80
        call hex8
        call newline

        say 'write two sectors'
        mov bx, BUFFER_A
        mov cx, 1024
        mov al, 3
        call fill
        mov bx, BUFFER_A
        mov cx, 1024
        mov al, FROM_MEMORY
        call dma
        command 0x45, 0x04, 5, 1, 3, 2, 18, 0x1b, 0xff
        call await
        call results
        say ' channel'
        call dma_state

        say 'read them'
        mov bx, BUFFER_B
        call clear
        mov bx, BUFFER_B
        mov cx, 1024
        mov al, TO_MEMORY
        call dma
        command 0x46, 0x04, 5, 1, 3, 2, 18, 0x1b, 0xff
        call await
        call results
        mov cx, 1024
        call compare
        say ' channel'
        call dma_state

        say 'INT 13h sees them:'
        mov bx, BUFFER_B
        call clear
        push BUFFER_B
        pop es
        xor bx, bx
        mov ax, 0x0202
        mov cx, 0x0503
        mov dx, 0x0100
        int 0x13
        push 0
        pop es
        mov al, ah
        call hex8
        mov cx, 1024
        call compare

        say 'INT 13h writes:'
        mov bx, BUFFER_A
        mov cx, 512
        mov al, 0x55
        call fill
        push BUFFER_A
        pop es
        xor bx, bx
        mov ax, 0x0301
        mov cx, 0x0712
        mov dx, 0x0000
        int 0x13
        push 0
        pop es
        mov al, ah
        call hex8
        call newline
        call prepare
        say 'read it, and on to the other side'
        mov bx, BUFFER_B
        call clear
        mov bx, BUFFER_B
        mov cx, 1024
        mov al, TO_MEMORY
        call dma
        command 0x0f, 0x00, 7
        call await
        call sense
        command 0xc6, 0x00, 7, 0, 18, 2, 18, 0x1b, 0xff
        call await
        say ' result'
        call results
        mov cx, 512
        call compare
        say ' sum'
        mov bx, BUFFER_B
        mov cx, 1024
        call sum

        say 'a sector before'
        command 0x0f, 0x00, 8
        call await
        call sense
        mov bx, BUFFER_A
        mov cx, 512
        mov al, FROM_MEMORY
        call dma
        command 0x45, 0x00, 8, 0, 17, 2, 18, 0x1b, 0xff
        call await
        say ' written'
        call results
        call sector17
        say 'format a track'
        mov ax, BUFFER_A
        mov es, ax
        xor di, di
        mov cx, 1
.field: mov ax, 0x0008          ; cylinder 8, head 0
        stosw
        mov al, cl
        mov ah, 2
        stosw
        inc cx
        cmp cx, 18
        jbe .field
        push 0
        pop es
        mov bx, BUFFER_A
        mov cx, 72
        mov al, FROM_MEMORY
        call dma
        command 0x4d, 0x00, 2, 18, 0x6c, 0x00
        call await
        mov dx, FIFO            ; only the status bytes are defined
        mov cx, 3
.status: in al, dx
        call hex8
        loop .status
        mov cx, 4
.rest:  in al, dx
        loop .rest
        call newline
        call sector17

        say 'without DMA'
        command 0x03, 0xdf, 0x03
        mov bx, BUFFER_B
        call clear
        command 0x0f, 0x04, 5
        call await
        call sense
        command 0x46, 0x04, 5, 1, 4, 2, 4, 0x1b, 0xff
        call await
        push BUFFER_B
        pop es
        xor di, di
        mov cx, 512
        mov dx, MSR
.byte:  in al, dx
        test al, 0x80
        jz .byte
        test al, 0x20
        jz .ended
        mov dx, FIFO
        in al, dx
        stosb
        mov dx, MSR
        loop .byte
.ended: push 0
        pop es
        say ' bytes left'
        mov al, ch
        call hex8
        mov al, cl
        call hex8
        call newline
        say ' sum'
        mov bx, BUFFER_B
        mov cx, 512
        call sum

        say 'done'
        call newline
        mov al, 0x10
        out EXIT, al
        cli
        hlt

; Reads sector 17 of cylinder 8, head 0, and says the sum of its bytes.
sector17:
        mov bx, BUFFER_B
        call clear
        mov bx, BUFFER_B
        mov cx, 512
        mov al, TO_MEMORY
        call dma
        command 0x46, 0x00, 8, 0, 17, 2, 18, 0x1b, 0xff
        call await
        say ' read'
        call results
        say ' sum'
        mov bx, BUFFER_B
        mov cx, 512
        jmp sum

; INT 13h may have turned the motor off or reset the controller: back to a state that is known.
prepare:
        mov byte [0x440], 0xff
        mov dx, DOR
        xor al, al
        out dx, al
        mov byte [happened], 0
        mov al, 0x1c
        out dx, al
        call await
        mov cx, 4
.next:  push cx
        command 0x08
        mov dx, FIFO
        in al, dx
        in al, dx
        pop cx
        loop .next
        mov dx, DIR
        xor al, al
        out dx, al
        command 0x03, 0xdf, 0x02
        command 0x07, 0
        call await
        command 0x08
        mov dx, FIFO
        in al, dx
        in al, dx
        ret

happened: db 0

        times (STAGE_SECTORS + 1) * 512 - ($ - $$) db 0
