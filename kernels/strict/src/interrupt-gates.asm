; Gates of the interrupt descriptor table that cannot be used.
;
; SDM Vol. 2 "INT n/INTO/INT3/INT1"; Vol. 3A "64-Bit Mode IDT", "Error Code".

%define BITS_OF_CASES 64
%include "strict/src/supervisor.inc"

descriptor data, 0, 0xfffff, ACCESS_DATA_0, FLAGS_32_PAGES
descriptor absent, 0, 0xfffff, ACCESS_CODE_0 - NOT_PRESENT, FLAGS_64
descriptor code3, 0, 0xfffff, ACCESS_CODE, FLAGS_64
descriptor code32, 0, 0xfffff, ACCESS_CODE_0, FLAGS_32
descriptor mixed, 0, 0xfffff, ACCESS_CODE_0, FLAGS_64 + FLAGS_32
FREE    equ 0x30                ; a vector without a gate

%macro gate 1-2 0x8e00          ; the free vector: selector, type
        mov dword [IDT + FREE * 16], (%1) << 16 | 0x7e00
        mov word [IDT + FREE * 16 + 4], %2
%endmacro

case 'gate-that-is-not-present', 0
        int FREE
        done
case 'gate-that-is-not-present-but-named', 0
        gate CODE0, 0x0e00
        int FREE
        done
case 'beyond-the-table', 0
        int 0x80
        done
case 'last-byte-beyond-the-table', 0
        gate CODE0
        mov word [DATA], FREE * 16 + 14
        mov dword [DATA + 2], IDT
        lidt [DATA]
        int FREE
        done
case 'gate-of-cpl-0-at-cpl-3'
        int FREE
        done
case 'page-fault-gate-at-cpl-3'
        int 14
        done
case 'task-gate', 0
        gate TSS_SELECTOR, 0x8500
        int FREE
        done
case 'call-gate', 0
        gate CODE0, 0x8c00
        int FREE
        done
case 'gate-of-16-bits', 0
        gate CODE0, 0x8600
        int FREE
        done
case 'no-code-segment', 0
        gate 0
        int FREE
        done
case 'code-segment-of-data', 0
        gate SEG_data - 3
        int FREE
        done
case 'code-segment-that-is-not-present', 0
        gate SEG_absent - 3
        int FREE
        done
case 'code-segment-of-cpl-3', 0
        gate SEG_code3
        int FREE
        done
case 'code-segment-of-32-bits', 0
        gate SEG_code32 - 3
        int FREE
        done
case 'code-segment-of-both', 0
        gate SEG_mixed - 3
        int FREE
        done
case 'code-segment-beyond-the-table', 0
        gate 0x1000
        int FREE
        done
case 'exception-with-a-gate-that-is-not-present', 0
        mov byte [IDT + 6 * 16 + 5], 0x0e
        ud2
case 'exception-without-a-gate', 0
        mov byte [IDT + 6 * 16 + 5], 0
        ud2
case 'exception-without-two-gates', 0
        mov byte [IDT + 6 * 16 + 5], 0
        mov byte [IDT + 13 * 16 + 5], 0
        ud2
case 'divide-error-without-a-gate', 0
        mov byte [IDT + 5], 0
        div ecx
case 'page-fault-without-a-gate', 0
        mov byte [IDT + 14 * 16 + 5], 0
        btr qword [PAGE_PT], 0
        mov al, [PAGE]
        done
case 'interrupt-from-outside-without-a-gate', 0
        mov al, 0x11            ; the timer's interrupt at vector 20h
        out 0x20, al
        mov al, 0x20
        out 0x21, al
        mov al, 4
        out 0x21, al
        mov al, 1
        out 0x21, al
        mov al, 0xfe
        out 0x21, al
        mov al, 0x34
        out 0x43, al
        xor al, al
        out 0x40, al
        mov al, 0x10
        out 0x40, al
        sti
.wait:  jmp .wait

end_of_cases
