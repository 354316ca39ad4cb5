; Task registers and task-state segments of long mode: descriptors of the wrong type, limits that are too small, stacks that
; are not there.
;
; SDM Vol. 2 "LTR", "LLDT", "INT n"; Vol. 3A "Task Management in 64-bit Mode", "Interrupt Stack Table".

%define BITS_OF_CASES 64
%include "strict/src/supervisor.inc"

FREE    equ 0x30                ; a vector without a gate
BAD     equ 0x0000800000000000

%macro spare 3                  ; base, limit, access
        mov dword [GDT + SPARE], descriptor_low(%1, %2)
        mov dword [GDT + SPARE + 4], descriptor_high(%1, %2, %3, 0)
%endmacro
%macro small_task 1             ; another task-state segment like the first, of a limit
        spare TSS, %1, 0x89
        mov ax, SPARE
        ltr ax
%endmacro
%macro gate 1-2 0x8e00          ; the free vector: IST, type
        mov dword [IDT + FREE * 16], CODE0 << 16 | 0x7e00
        mov word [IDT + FREE * 16 + 4], %2 + %1
%endmacro
%macro user 0                   ; goes on at CPL 3
        push DATA3
        push STACK
        push 2
        push CODE3
        push %%outside
        iretq
%%outside:
%endmacro

case 'ltr-of-zero', 0
        xor eax, eax
        ltr ax
        done
case 'ltr-of-a-busy-task', 0
        mov ax, TSS_SELECTOR
        ltr ax
        done
case 'ltr-of-a-code-segment', 0
        mov ax, CODE0
        ltr ax
        done
case 'ltr-of-a-local-table', 0
        mov ax, LDT_SELECTOR
        ltr ax
        done
case 'ltr-of-a-task-that-is-not-present', 0
        spare TSS, 0x67, 0x09
        mov ax, SPARE
        ltr ax
        done
case 'ltr-of-a-16-bit-task', 0
        spare TSS, 0x67, 0x81
        mov ax, SPARE
        ltr ax
        done
case 'ltr-from-the-local-table', 0
        mov ax, 4
        ltr ax
        done
case 'ltr-beyond-the-table', 0
        mov ax, 0x1000
        ltr ax
        done
case 'ltr-of-half-a-descriptor', 0
        mov word [DATA], SPARE + 7
        mov dword [DATA + 2], GDT
        lgdt [DATA]
        spare TSS, 0x67, 0x89
        mov ax, SPARE
        ltr ax
        done
case 'ltr-with-a-type-in-the-upper-half', 0
        spare TSS, 0x67, 0x89
        mov dword [GDT + SPARE + 12], 0x900
        mov ax, SPARE
        ltr ax
        done
case 'ltr-with-a-non-canonical-base', 0
        spare TSS, 0x67, 0x89
        mov dword [GDT + SPARE + 8], 0x8000
        mov ax, SPARE
        ltr ax
        done
case 'ltr-at-cpl-3'
        mov ax, TSS_SELECTOR
        ltr ax
        done
case 'lldt-of-a-task', 0
        mov ax, TSS_SELECTOR
        lldt ax
        done
case 'lldt-of-zero', 0
        lldt ax
        done
case 'load-from-no-local-table', 0
        lldt ax
        mov ax, 4
        mov es, ax
        done
case 'limit-below-the-interrupt-stack', 0
        gate 7
        small_task 0x5a
        int FREE
        done
case 'limit-at-the-interrupt-stack', 0
        gate 6
        mov qword [TSS + 36 + 5 * 8], STACK
        small_task 0x53
        mov word [IDT + FREE * 16], .handler - cases_start + HEADER_SIZE
        mov word [IDT + FREE * 16 + 6], BLOB >> 16
        int FREE
        done
.handler: done
case 'interrupt-stack-of-zero', 0
        gate 3
        int FREE
        done
case 'non-canonical-interrupt-stack', 0
        gate 3
        mov dword [TSS + 36 + 2 * 8 + 4], 0x8000
        int FREE
        done
case 'non-canonical-stack-of-cpl-0', 0
        gate 0, 0xee00
        mov dword [TSS + 8], 0x8000
        user
        int FREE
        done
case 'stack-of-cpl-0-that-is-not-mapped', 0
        gate 0, 0xee00
        mov dword [TSS + 4], 0x700000
        user
        int FREE
        done
case 'stack-overflow-with-an-interrupt-stack', 0
        mov esp, 0x700000
        push rax
        done
case 'stack-overflow-without-an-interrupt-stack', 0
        mov byte [IDT + 14 * 16 + 4], 0
        mov esp, 0x700000
        push rax
        done
case 'port-beyond-the-permission-map'
        in al, 0x60
        done
case 'port-that-is-permitted', 0
        mov word [TSS + 0x66], 0x68
        spare TSS, 0x88, 0x89
        mov ax, SPARE
        ltr ax
        user
        in al, 0x61
        done
case 'port-across-the-limit-of-the-map', 0
        mov word [TSS + 0x66], 0x68
        spare TSS, 0x74, 0x89   ; the byte with port 61h is the last one: two are read
        mov ax, SPARE
        ltr ax
        user
        in al, 0x61
        done

end_of_cases
