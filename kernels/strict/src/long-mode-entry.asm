; The way into long mode, in wrong orders.
;
; SDM Vol. 3A "Initializing IA-32e Mode"; Vol. 2 "MOV—Move to/from Control Registers".

%define BITS_OF_CASES 32
%include "strict/src/supervisor.inc"

TOP     equ DATA
POINTERS equ DATA + 0x1000
DIRECTORY equ DATA + 0x2000

%macro tables 0                 ; the first 2 MiB as they are
        mov dword [TOP], POINTERS + 7
        mov dword [POINTERS], DIRECTORY + 7
        mov dword [DIRECTORY], 0x87
        mov eax, TOP
        mov cr3, eax
%endmacro
%macro set_lme 0
        mov ecx, MSR_EFER
        xor edx, edx
        mov eax, 0x100
        wrmsr
%endmacro
%macro set_pae 0
        mov eax, INITIAL_CR4 + 0x20
        mov cr4, eax
%endmacro
%macro leave_long_mode 0
        mov eax, 0x33
        mov cr0, eax
%endmacro
%macro set_paging 0
        mov eax, 0x80010033
        mov cr0, eax
%endmacro

case 'in-order', 0
        tables
        set_pae
        set_lme
        set_paging
        mov ecx, MSR_EFER
        rdmsr
        bt eax, 10
        jnc .wrong
        leave_long_mode
        done
.wrong: ud2
case 'without-pae', 0
        tables
        set_lme
        set_paging
        done
case 'without-protection', 0
        tables
        set_pae
        set_lme
        mov eax, 0x80010032
        mov cr0, eax
        done
case 'from-a-segment-with-l', 0
        mov dword [GDT + SPARE], descriptor_low(0, 0xfffff)
        mov dword [GDT + SPARE + 4], descriptor_high(0, 0xfffff, ACCESS_CODE_0, FLAGS_32_PAGES + FLAGS_64)
        jmp SPARE:.inside
.inside: tables
        set_pae
        set_lme
        set_paging
        done
case 'with-a-16-bit-task', 0
        mov dword [GDT + SPARE], descriptor_low(TSS, 0x67)
        mov dword [GDT + SPARE + 4], descriptor_high(TSS, 0x67, 0x81, 0)
        mov ax, SPARE
        ltr ax
        tables
        set_pae
        set_lme
        set_paging
        done
case 'lme-while-paging', 0
        mov dword [TOP], 0x87
        mov eax, TOP
        mov cr3, eax
        mov eax, INITIAL_CR4 + 0x10
        mov cr4, eax
        set_paging
        set_lme
        done

end_of_cases
