; Takes the local APIC into x2APIC mode, drives it by its MSRs, with its timer in TSC-deadline mode, and takes it out again; says on
; COM1 what it answers. Boots from a floppy.
;
; SDM Vol. 3A, "Extended XAPIC (x2APIC)", "TSC-Deadline Mode". In real-address mode, where #GP has no error code.

%define VOLUME 'X2APIC     '
SERIAL_NUMBER equ 0x1ac91002
STAGE_SECTORS equ 5
%include "devices/src/guest.inc"

APIC_BASE equ 0x1b
TSC_DEADLINE equ 0x6e0
DISABLED equ 0xfee00100
XAPIC   equ 0xfee00900
X2APIC  equ 0xfee00d00
INVALID equ 0xfee00500

%macro read 1                   ; says an MSR, or that it faults
        mov ecx, %1
        call read_msr
%endmacro
%macro write 2-3 0              ; MSR, low and high half; says whether it faults
        mov ecx, %1
        mov eax, %2
        mov edx, %3
        call write_msr
%endmacro
%macro set 2-3 0                ; the same, without a word
        mov ecx, %1
        mov eax, %2
        mov edx, %3
        wrmsr
%endmacro

%include "devices/src/apic-guest.inc"

; RDMSR and WRMSR are two bytes long; the handler goes on behind them
on_gp:  push bp
        mov bp, sp
        add word [bp + 2], 2
        pop bp
        mov byte [faulted], 1
        iret

read_msr:
        mov byte [faulted], 0
        rdmsr
        cmp byte [faulted], 0
        jne refused
        test edx, edx
        jz .low
        xchg eax, edx
        call hex32
        xchg eax, edx
.low:   jmp hex32
write_msr:
        mov byte [faulted], 0
        wrmsr
        cmp byte [faulted], 0
        jne refused
        say ' taken'
        ret
refused:
        say ' #GP'
        ret

on51:   push eax
        push ecx
        push edx
        say ' 51 in service'
        read 0x812
        say ', priority'
        read 0x80a
        set 0x80b, 0
        pop edx
        pop ecx
        pop eax
        iret
on61:   push eax
        push ecx
        push edx
        inc byte [ticks]
        rdtsc
        mov [when], eax
        mov [when + 4], edx
        set 0x80b, 0
        pop edx
        pop ecx
        pop eax
        iret

fail:   line 'FAILED'
        mov al, 0x11
        out EXIT, al
        cli
        hlt

absent: line 'no x2APIC with a TSC-deadline timer'
        mov al, 0x11
        out EXIT, al
        cli
        hlt

main:   cli
        mov dx, COM1 + 3        ; 8 data bits
        mov al, 3
        out dx, al
        vector 13, on_gp
        vector 0x51, on51
        vector 0x61, on61
        mov al, 0xff            ; no interrupts but the APIC's own
        out 0x21, al
        out 0xa1, al
        sti

        mov eax, 1              ; x2APIC, TSC-deadline
        cpuid
        and ecx, 0x01200000
        cmp ecx, 0x01200000
        jne absent

        say 'in xAPIC mode: MSR 802'
        read 0x802
        say ', to the invalid state'
        write APIC_BASE, INVALID
        say ', to x2APIC mode'
        write APIC_BASE, X2APIC
        say ', IA32_APIC_BASE'
        read APIC_BASE
        call newline
        say 'ID'
        read 0x802
        say ', version'
        read 0x803
        say ', logical'
        read 0x80d
        call newline
        say 'not there: 809'
        read 0x809
        say ', 80e'
        read 0x80e
        say ', 831'
        read 0x831
        say ', 840'
        read 0x840
        say '; only to write: 80b'
        read 0x80b
        say ', 83f'
        read 0x83f
        call newline
        say 'read-only: 802'
        write 0x802, 0
        say ', 80d'
        write 0x80d, 1
        say ', 839'
        write 0x839, 0
        call newline
        say 'reserved bits: 808'
        write 0x808, 0x100
        say ', high'
        write 0x808, 0, 1
        say ', 80b'
        write 0x80b, 1
        say ', 828'
        write 0x828, 1
        say ', 83f'
        write 0x83f, 0x100
        call newline
        say 'to xAPIC mode'
        write APIC_BASE, XAPIC
        say ', to the invalid state'
        write APIC_BASE, INVALID
        call newline

        set 0x80f, 0x1ff
        say 'self IPI:'
        set 0x83f, 0x51
        nop
        call newline
        say 'command:'
        set 0x830, 0x4051
        nop
        call newline
        say 'command, logical:'
        set 0x830, 0x4851, 1
        nop
        call newline
        say 'command, another cluster:'
        set 0x830, 0x4851, 0x10001
        nop
        call newline
        set 0x808, 0x50
        set 0x83f, 0x51
        say 'held back: requested'
        read 0x822
        say ', then'
        set 0x808, 0
        nop
        call newline

        set TSC_DEADLINE, 1
        say 'deadline: without its mode'
        read TSC_DEADLINE
        set 0x832, 0x40061
        rdtsc
        add eax, 0x7fffffff
        adc edx, 0
        mov esi, eax
        mov edi, edx
        mov ecx, TSC_DEADLINE
        wrmsr
        rdmsr
        cmp eax, esi
        jne fail
        cmp edx, edi
        jne fail
        set TSC_DEADLINE, 0
        say ', disarmed'
        read TSC_DEADLINE
        call newline
        rdtsc
        add eax, 2000000
        adc edx, 0
        mov esi, eax
        mov edi, edx
        mov ecx, TSC_DEADLINE
        wrmsr
.wait:  cmp byte [ticks], 0
        je .wait
        mov eax, [when]
        mov edx, [when + 4]
        sub eax, esi
        sbb edx, edi
        jb fail
        say 'deadline met, then'
        read TSC_DEADLINE
        call newline
        set TSC_DEADLINE, 1
        nop
        say 'a deadline that is past: interrupts'
        mov al, [ticks]
        call hex8
        say ', count'
        set 0x838, 1000
        read 0x838
        read 0x839
        call newline

        say 'disabled'
        write APIC_BASE, DISABLED
        say ', MSR 802'
        read 0x802
        say ', CPUID'
        mov eax, 1
        cpuid
        shr edx, 9
        mov eax, edx
        and eax, 1
        call hex32
        say ', to x2APIC mode'
        write APIC_BASE, X2APIC
        say ', to xAPIC mode'
        write APIC_BASE, XAPIC
        say ', CPUID'
        mov eax, 1
        cpuid
        shr edx, 9
        mov eax, edx
        and eax, 1
        call hex32
        call newline
        line 'done'
        mov al, 0x10
        out EXIT, al
        cli
        hlt

faulted: db 0
ticks:  db 0
        align 4
when:   dq 0

        times (STAGE_SECTORS + 1) * 512 - ($ - $$) db 0
