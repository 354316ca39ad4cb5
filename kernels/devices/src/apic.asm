; Drives the local APIC, the I/O APIC and the high precision timers, and says on COM1 what they answer. Boots from a floppy.
;
; SDM Vol. 3A, "Advanced Programmable Interrupt Controller (APIC)"; Intel 82093AA data sheet; IA-PC HPET Specification 1.0a.

%define VOLUME 'APIC GUEST '
SERIAL_NUMBER equ 0x1ac91001
STAGE_SECTORS equ 10
%include "devices/src/guest.inc"
%include "devices/src/flat.inc"

LAPIC   equ 0xfee00000
LAPIC_ID equ 0x20
LAPIC_VERSION equ 0x30
LAPIC_TPR equ 0x80
LAPIC_PPR equ 0xa0
LAPIC_EOI equ 0xb0
LAPIC_LDR equ 0xd0
LAPIC_DFR equ 0xe0
LAPIC_SVR equ 0xf0
LAPIC_ISR equ 0x100
LAPIC_TMR equ 0x180
LAPIC_IRR equ 0x200
LAPIC_ICR equ 0x300
LAPIC_ICR_HIGH equ 0x310
LVT_TIMER equ 0x320
LVT_LINT0 equ 0x350
LVT_LINT1 equ 0x360
TIMER_INITIAL equ 0x380
TIMER_CURRENT equ 0x390
TIMER_DIVIDE equ 0x3e0
SELF    equ 0x44000
MASKED  equ 0x10000
PERIODIC equ 0x20000
LEVEL   equ 0x8000

IOAPIC  equ 0xfec00000
HPET    equ 0xfed00000
HPET_CONFIGURATION equ 0x10
HPET_STATUS equ 0x20
HPET_COUNTER equ 0xf0
HPET_T0 equ 0x100
HPET_T1 equ 0x120
HPET_INTERRUPT equ 0x04
HPET_LEVEL equ 0x02
HPET_PERIODIC equ 0x08
HPET_SET equ 0x40
HPET_32 equ 0x100

WAKE    equ 0x70                ; the vector by which `delay` wakes up

%macro apic 2                   ; register, value
        mov dword [fs:dword LAPIC + %1], %2
%endmacro
%macro hpet 2
        mov dword [fs:dword HPET + %1], %2
%endmacro
%macro redirect 2-3 0           ; input of the I/O APIC, low word, high word
        mov dword [fs:dword IOAPIC], 0x11 + 2 * %1
        mov dword [fs:dword IOAPIC + 0x10], %3
        mov dword [fs:dword IOAPIC], 0x10 + 2 * %1
        mov dword [fs:dword IOAPIC + 0x10], %2
%endmacro
%macro show 1                   ; a register of the local APIC
        mov eax, [fs:dword LAPIC + %1]
        call hex32
%endmacro

%include "devices/src/apic-guest.inc"

fail:   line 'FAILED'
        mov al, 0x11
        out EXIT, al
        cli
        hlt

; Every handler writes its vector into the log. AL: the vector
note:   push bx
        mov bx, [noted]
        mov [log + bx], al
        inc bx
        and bx, 0x3f
        mov [noted], bx
        pop bx
        ret
notes:  push ax                 ; says the log and begins a new one
        push si
        mov si, log
.next:  mov ax, si
        sub ax, log
        cmp ax, [noted]
        jae .end
        lodsb
        call hex8
        jmp .next
.end:   mov word [noted], 0
        pop si
        pop ax
        jmp newline

%macro handler 2                ; label, vector: notes it and ends the interrupt
%1:     push ax
        mov al, %2
        call note
        apic LAPIC_EOI, 0
        pop ax
        iret
%endmacro
        handler on41, 0x41
        handler on4f, 0x4f
        handler on51, 0x51
        handler on60, 0x60
        handler on62, 0x62

; What is in service while it runs, and what a higher and a lower class do meanwhile
on42:   push eax
        mov al, 0x42
        call note
        say ' in service'
        show LAPIC_ISR + 0x20
        show LAPIC_PPR
        sti
        apic LAPIC_ICR, SELF + 0x51
        apic LAPIC_ICR, SELF + 0x4f
        nop
        cli
        say ', requested'
        show LAPIC_IRR + 0x20
        call newline
        apic LAPIC_EOI, 0
        pop eax
        iret

on_nmi: push ax
        mov al, 2
        call note
        pop ax
        iret

on_wake:
        mov byte [woken], 1
        apic LAPIC_EOI, 0
        iret

on_timer:
        inc word [ticks]
        apic LAPIC_EOI, 0
        iret

on_rtc: push ax
        mov al, 0x61
        call note
        call read_c
        apic LAPIC_EOI, 0
        pop ax
        iret
read_c: push ax
        mov al, 0x0c
        out 0x70, al
        in al, 0x71
        pop ax
        ret

; A level-triggered interrupt: the first time it is ended while its line is high
on_level:
        push eax
        mov al, 0x63
        call note
        mov dword [fs:dword IOAPIC], edx
        mov eax, [fs:dword IOAPIC + 0x10]
        and eax, 0x4000
        say ' remote IRR'
        call hex32
        say ', trigger mode'
        show LAPIC_TMR + 0x30
        say ', status'
        mov eax, [fs:dword HPET + HPET_STATUS]
        call hex32
        call newline
        cmp byte [first], 0
        je .clear
        mov byte [first], 0
        jmp .end
.clear: hpet HPET_STATUS, 2
.end:   apic LAPIC_EOI, 0
        pop eax
        iret

on_irq0:
        push ax
        inc word [ticks]
        mov al, 0x20
        out 0x20, al
        pop ax
        iret
on_irq8:
        push ax
        inc word [other_ticks]
        mov al, 0x20
        out 0xa0, al
        out 0x20, al
        pop ax
        iret

delay:  mov byte [woken], 0     ; EAX: microseconds; by the local APIC's timer, which is left masked
        shl eax, 3
        apic TIMER_DIVIDE, 0x0b
        imul eax, eax, 125
        apic LVT_TIMER, WAKE
        mov [fs:dword LAPIC + TIMER_INITIAL], eax
.wait:  sti
        hlt
        cli
        cmp byte [woken], 0
        je .wait
        apic LVT_TIMER, MASKED + WAKE
        sti
        ret

; EAX must be at least ECX and at most EDX
within: cmp eax, ecx
        jb fail
        cmp eax, edx
        ja fail
        ret

main:   call flat
        vector 0x41, on41
        vector 0x42, on42
        vector 0x4f, on4f
        vector 0x51, on51
        vector 0x60, on60
        vector 0x61, on_rtc
        vector 0x62, on62
        vector 0x63, on_level
        vector 0x64, on_timer
        vector WAKE, on_wake
        vector 2, on_nmi

; ---- the local APIC ---------------------------------------------------------------------------------------------------

        mov ecx, 0x1b
        rdmsr
        say 'IA32_APIC_BASE'
        call hex32
        say ', ID'
        show LAPIC_ID
        say ', version'
        show LAPIC_VERSION
        call newline
        say 'as the firmware left it:'
        show LAPIC_SVR
        show LVT_LINT0
        show LVT_LINT1
        call newline

; a tick of the BIOS comes through LINT0, and not while that is masked
        mov ax, [0x46c]
.tick:  hlt
        cmp ax, [0x46c]
        je .tick
        line 'ticks by LINT0'
        apic LVT_LINT0, MASKED + 0x8700
        mov bx, [0x46c]
        mov eax, 150000
        call delay
        cmp bx, [0x46c]
        jne fail
        line 'none while it is masked'
        apic LVT_LINT0, 0x8700
        mov eax, 60000
        call delay
        cmp bx, [0x46c]
        je fail
        mov al, 0xff            ; the 8259A rest from here on
        out 0x21, al
        out 0xa1, al

        cli
        apic LAPIC_ICR, SELF + 0x41
        apic LAPIC_ICR, SELF + 0x51
        say 'requested'
        show LAPIC_IRR + 0x20
        sti
        nop
        cli
        say ', left'
        show LAPIC_IRR + 0x20
        say ', served'
        call notes

        sti
        apic LAPIC_ICR, SELF + 0x42
        nop
        cli
        say 'nested'
        call notes
        sti

        apic LAPIC_TPR, 0x4a
        apic LAPIC_ICR, SELF + 0x4f
        apic LAPIC_ICR, SELF + 0x51
        nop
        say 'TPR 4A: priority'
        show LAPIC_PPR
        say ', waiting'
        show LAPIC_IRR + 0x20
        say ', served'
        call notes
        apic LAPIC_TPR, 0x30
        nop
        say 'TPR 30: served'
        call notes
        apic LAPIC_TPR, 0

        apic LAPIC_ICR_HIGH, 0
        apic LAPIC_ICR, 0x4400
        nop
        say 'NMI to itself: served'
        call notes
        apic LAPIC_DFR, 0xffffffff
        apic LAPIC_LDR, 0x04000000
        apic LAPIC_ICR_HIGH, 0x06000000
        apic LAPIC_ICR, 0x4841
        nop
        apic LAPIC_ICR_HIGH, 0x03000000
        apic LAPIC_ICR, 0x484f
        nop
        say 'logical, flat: served'
        call notes
        apic LAPIC_DFR, 0x0fffffff
        apic LAPIC_LDR, 0x24000000
        apic LAPIC_ICR_HIGH, 0x26000000
        apic LAPIC_ICR, 0x4841
        nop
        apic LAPIC_ICR_HIGH, 0x16000000
        apic LAPIC_ICR, 0x484f
        nop
        say 'logical, clusters: served'
        call notes
        apic LAPIC_DFR, 0xffffffff

        call priority_register

; ---- its timer --------------------------------------------------------------------------------------------------------

        mov word [ticks], 0
        apic TIMER_DIVIDE, 3    ; by 16
        apic LVT_TIMER, 0x64
        apic TIMER_INITIAL, 62500
.once:  cmp word [ticks], 0
        je .once
        mov eax, 20000
        call delay
        say 'one-shot: expired'
        mov ax, [ticks]
        call hex8
        say ', count'
        show TIMER_CURRENT
        call newline
        mov word [ticks], 0
        apic TIMER_DIVIDE, 3
        apic LVT_TIMER, PERIODIC + 0x64
        apic TIMER_INITIAL, 62500 * 10
.more:  hlt
        cmp word [ticks], 5
        jb .more
        apic LVT_TIMER, MASKED + PERIODIC + 0x64
        line 'periodic: expired 5 times'
        mov word [ticks], 0
        apic TIMER_INITIAL, 1000
        mov eax, 1000000
        mov ecx, eax
.spin:  dec ecx
        jnz .spin
        apic TIMER_INITIAL, 0
        cmp word [ticks], 0
        jne fail
        line 'masked: never'

; ---- the I/O APIC -----------------------------------------------------------------------------------------------------

        say 'I/O APIC: version'
        mov dword [fs:dword IOAPIC], 1
        mov eax, [fs:dword IOAPIC + 0x10]
        call hex32
        say ', entry 2'
        mov dword [fs:dword IOAPIC], 0x14
        mov eax, [fs:dword IOAPIC + 0x10]
        call hex32
        mov dword [fs:dword IOAPIC], 0x15
        mov eax, [fs:dword IOAPIC + 0x10]
        call hex32
        redirect 23, 0x1afff, 0xff000000
        say ', 23'
        mov eax, [fs:dword IOAPIC + 0x10]
        call hex32
        redirect 23, 0x10000
        call newline

        mov al, 0x34            ; counter 0 in mode 2: 100 Hz
        out 0x43, al
        mov al, 0x9c
        out 0x40, al
        mov al, 0x2e
        out 0x40, al
        mov word [ticks], 0
        redirect 2, 0x64
.pit:   hlt
        cmp word [ticks], 3
        jb .pit
        line 'the 8254 by input 2'
        redirect 2, MASKED + 0x64
        mov word [ticks], 0
        mov eax, 50000
        call delay
        cmp word [ticks], 0
        jne fail
        line 'none while it is masked'
        apic LAPIC_LDR, 0x04000000
        redirect 2, 0x0964, 0x03000000
        mov eax, 50000
        call delay
        cmp word [ticks], 0
        jne fail
        redirect 2, 0x0964, 0x06000000
        mov eax, 50000
        call delay
        cmp word [ticks], 0
        je fail
        redirect 2, 0x10000
        line 'by its logical ID, and by no other'
        mov word [noted], 0
        redirect 2, 0x0400
        mov eax, 15000
        call delay
        redirect 2, 0x10000
        cmp word [noted], 0
        je fail
        mov word [noted], 0
        line 'as NMI'
        mov al, 0x30            ; counter 0 in mode 0, not started: it is silent
        out 0x43, al

        mov al, 0x0a            ; the real-time clock at 1024 Hz
        out 0x70, al
        mov al, 0x26
        out 0x71, al
        mov al, 0x0b
        out 0x70, al
        in al, 0x71
        mov bl, al
        or bl, 0x40
        mov al, 0x0b
        out 0x70, al
        mov al, bl
        out 0x71, al
        redirect 8, 0x61
        call read_c
.rtc:   hlt
        cmp word [noted], 3
        jb .rtc
        redirect 8, 0x10000
        mov word [noted], 0
        line 'the clock by input 8'
        mov al, 0x0b
        out 0x70, al
        mov al, bl
        and al, 0xbf
        out 0x71, al
        call read_c

; ---- the high precision timers ----------------------------------------------------------------------------------------

        say 'HPET:'
        mov eax, [fs:dword HPET]
        call hex32
        mov eax, [fs:dword HPET + 4]
        call hex32
        say ', timer 2'
        mov eax, [fs:dword HPET + 0x140]
        call hex32
        call newline
        hpet HPET_CONFIGURATION, 0
        hpet HPET_COUNTER, 0x12345678
        hpet HPET_COUNTER + 4, 0x9a
        mov eax, 1000
        call delay
        say 'counter halted at'
        mov eax, [fs:dword HPET + HPET_COUNTER + 4]
        call hex32
        mov eax, [fs:dword HPET + HPET_COUNTER]
        call hex32
        call newline

; 100 ms by the local APIC are 10 million counts; an emulator may be late
        hpet HPET_COUNTER, 0
        hpet HPET_COUNTER + 4, 0
        apic TIMER_DIVIDE, 0x0b
        hpet HPET_CONFIGURATION, 1
        mov eax, 100000
        call delay
        mov eax, [fs:dword HPET + HPET_COUNTER]
        mov ecx, 10000000
        mov edx, 15000000
        call within
        line '10 counts for a microsecond of the local APIC'

; the lowest input of the I/O APIC that timer 1 can have
        mov eax, [fs:dword HPET + HPET_T1 + 4]
        bsf edx, eax
        mov ecx, edx
        shl ecx, 9
        mov [route], ecx
        add edx, edx
        add edx, 0x10
        mov [redirection], edx

        hpet HPET_CONFIGURATION, 0
        hpet HPET_COUNTER, 0
        mov [fs:dword IOAPIC], edx
        mov dword [fs:dword IOAPIC + 0x10], 0x62
        mov eax, [route]
        or eax, HPET_INTERRUPT + HPET_32
        mov [fs:dword HPET + HPET_T1], eax
        hpet HPET_T1 + 8, 100000
        hpet HPET_CONFIGURATION, 1
        mov eax, 30000
        call delay
        say 'one-shot, edge:'
        call notes
        hpet HPET_CONFIGURATION, 0
        hpet HPET_COUNTER, 0
        or dword [fs:dword HPET + HPET_T1], HPET_PERIODIC + HPET_SET
        hpet HPET_T1 + 8, 100000
        hpet HPET_T1 + 8, 1000000
        hpet HPET_CONFIGURATION, 1
.hpet:  hlt
        cmp word [noted], 4
        jb .hpet
        hpet HPET_CONFIGURATION, 0
        mov word [noted], 0
        line 'periodic, edge: 4 times'

        hpet HPET_COUNTER, 0
        mov edx, [redirection]
        mov [fs:dword IOAPIC], edx
        mov dword [fs:dword IOAPIC + 0x10], LEVEL + 0x63
        mov eax, [route]
        or eax, HPET_INTERRUPT + HPET_32 + HPET_LEVEL
        mov [fs:dword HPET + HPET_T1], eax
        hpet HPET_T1 + 8, 100000
        mov byte [first], 1
        hpet HPET_CONFIGURATION, 1
        mov eax, 30000
        mov edx, [redirection]
        call delay
        say 'one-shot, level:'
        call notes
        mov edx, [redirection]
        mov [fs:dword IOAPIC], edx
        mov eax, [fs:dword IOAPIC + 0x10]
        say 'entry afterwards'
        call hex32
        call newline
        mov dword [fs:dword IOAPIC + 0x10], 0x10000
        hpet HPET_CONFIGURATION, 0
        hpet HPET_T1, 0

; in the place of the 8254 and the clock, by the 8259A and LINT0
        vector 0x08, on_irq0
        vector 0x70, on_irq8
        apic LVT_TIMER, MASKED + WAKE
        cli
        mov al, 0xfa
        out 0x21, al
        mov al, 0xfe
        out 0xa1, al
        mov word [ticks], 0
        mov word [other_ticks], 0
        hpet HPET_COUNTER, 0
        hpet HPET_T0, HPET_INTERRUPT + HPET_32 + HPET_PERIODIC + HPET_SET
        hpet HPET_T0 + 8, 500000
        hpet HPET_T0 + 8, 500000
        hpet HPET_T1, HPET_INTERRUPT + HPET_32 + HPET_PERIODIC + HPET_SET
        hpet HPET_T1 + 8, 700000
        hpet HPET_T1 + 8, 700000
        hpet HPET_CONFIGURATION, 3
.legacy:
        sti
        hlt
        cli
        cmp word [ticks], 5
        jb .legacy
        cmp word [other_ticks], 3
        jb .legacy
        hpet HPET_CONFIGURATION, 0
        line 'legacy replacement: IRQ 0 and IRQ 8'

        line 'done'
        mov al, 0x10
        out EXIT, al
        cli
        hlt

; ---- CR8 in 64-bit mode -------------------------------------------------------------------------------------------------

PML4    equ 0x10000
PDPT    equ 0x11000
PD_LOW  equ 0x12000
PD_HIGH equ 0x13000

priority_register:
        cli
        mov edi, PML4
        xor eax, eax
        mov ecx, 0x1000
.clear: mov [fs:edi + ecx * 4 - 4], eax
        dec ecx
        jnz .clear
        mov dword [fs:edi], PDPT + 3
        mov dword [fs:edi + PDPT - PML4], PD_LOW + 3
        mov dword [fs:edi + PDPT - PML4 + 3 * 8], PD_HIGH + 3
        mov dword [fs:edi + PD_LOW - PML4], 0x83
        mov dword [fs:edi + PD_HIGH - PML4 + 0x1f7 * 8], 0xfee00083
        lgdt [.gdt_register]
        mov eax, cr4
        or al, 0x20
        mov cr4, eax
        mov eax, PML4
        mov cr3, eax
        mov ecx, 0xc0000080
        rdmsr
        or ah, 1
        wrmsr
        mov eax, cr0
        or eax, 0x80000001
        mov cr0, eax
        jmp 0x08:.in_64
        bits 64
.in_64: mov eax, 0x10
        mov ds, eax
        mov ebx, LAPIC
        mov eax, 9
        mov cr8, rax
        mov esi, [rbx + LAPIC_TPR]
        mov dword [rbx + LAPIC_TPR], 0x35
        mov rdi, cr8
        mov dword [rbx + LAPIC_TPR], 0
        jmp dword far [rel .back]
.back:  dd .compatible
        dw 0x18
        bits 16
.compatible:
        mov eax, cr0
        and eax, 0x7fffffff
        mov cr0, eax
        mov ecx, 0xc0000080
        rdmsr
        and ah, 0xfe
        wrmsr
        mov eax, cr0
        and al, 0xfe
        mov cr0, eax
        jmp 0:.real
.real:  xor ax, ax
        mov ds, ax
        call flat
        say 'CR8 9 is TPR'
        mov eax, esi
        call hex32
        say ', TPR 35 is CR8'
        mov eax, edi
        call hex32
        jmp newline
        align 8
.gdt:   dq 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00009b000000ffff
.gdt_register:
        dw 31
        dd .gdt

ticks:  dw 0
other_ticks: dw 0
noted:  dw 0
woken:  db 0
first:  db 0
route:  dd 0
redirection: dd 0
log:    times 64 db 0

        times (STAGE_SECTORS + 1) * 512 - ($ - $$) db 0
