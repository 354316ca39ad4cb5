; A handler of the timer that does not end its interrupt: there is no second one until somebody does. Counts, says what the
; interrupt controller keeps, ends the interrupt once, and then waits for ever.
;
; Intel 8259A data sheet, "Fully Nested Mode", "End of Interrupt".

STAGE_SECTORS equ 2
SERIAL_NUMBER equ 0x1efca521
%define VOLUME 'MISSING EOI'
%include "devices/src/guest.inc"

TIMER_VECTOR equ 0x20
PERIOD  equ 0x1000              ; of 1193182 Hz

main:   cli
        mov dx, COM1 + 3        ; 8 bits, no parity
        mov al, 3
        out dx, al
        mov word [TIMER_VECTOR * 4], on_timer
        mov word [TIMER_VECTOR * 4 + 2], 0
        mov al, 0x11            ; both interrupt controllers anew: vectors 20h and 28h
        out 0x20, al
        out 0xa0, al
        mov al, TIMER_VECTOR
        out 0x21, al
        mov al, TIMER_VECTOR + 8
        out 0xa1, al
        mov al, 4
        out 0x21, al
        mov al, 2
        out 0xa1, al
        mov al, 1
        out 0x21, al
        out 0xa1, al
        mov al, 0xff
        out 0xa1, al
        mov al, 0xfe            ; the timer alone
        out 0x21, al
        mov al, 0x34            ; rate generator
        out 0x43, al
        mov al, PERIOD & 0xff
        out 0x40, al
        mov al, PERIOD >> 8
        out 0x40, al
        sti
        call ten_periods
        say 'without-eoi: '
        call tell
        mov al, 0x20
        out 0x20, al
        call ten_periods
        say 'after-one-eoi: '
        call tell
        say 'then: waiting'
        call newline
.wait:  hlt
        jmp .wait

on_timer:
        inc byte [cs:interrupts]
        iret

ten_periods:                    ; of the timer, seen by its count
        mov cx, 10
.low:   call read_count
        cmp ax, PERIOD / 2
        ja .low
.high:  call read_count
        cmp ax, PERIOD / 2
        jbe .high
        loop .low
        ret

read_count:
        mov al, 0
        out 0x43, al
        in al, 0x40
        mov ah, al
        in al, 0x40
        xchg al, ah
        ret

tell:   say 'interrupts'
        mov al, [interrupts]
        call hex8
        say ', in service'
        mov al, 0x0b
        out 0x20, al
        in al, 0x20
        call hex8
        say ', requested'
        mov al, 0x0a
        out 0x20, al
        in al, 0x20
        call hex8
        jmp newline

interrupts: db 0
