; Combinations in the control registers and in EFER that the processor refuses, and registers that do not exist.
;
; SDM Vol. 2 "MOV—Move to/from Control Registers", "MOV—Move to/from Debug Registers", "WRMSR", "XSETBV"; Vol. 3A "Control
; Registers", "Initializing IA-32e Mode".

%define BITS_OF_CASES 64
%include "strict/src/supervisor.inc"

%macro flip 2                   ; a bit of a control register
        mov rax, %1
        btc rax, %2
        mov %1, rax
%endmacro

case 'protection-off-while-paging', 0
        flip cr0, 0
        done
case 'paging-off-in-64-bit-code', 0
        flip cr0, 31
        done
case 'not-write-through-without-cache-disable', 0
        flip cr0, 29
        done
case 'bit-32-of-cr0', 0
        flip cr0, 32
        done
case 'bit-6-of-cr0-is-ignored', 0
        flip cr0, 6
        done
case 'pae-off-in-long-mode', 0
        flip cr4, 5
        done
case 'bit-31-of-cr4', 0
        flip cr4, 31
        done
case 'bit-32-of-cr4', 0
        flip cr4, 32
        done
case 'bit-15-of-cr4', 0
        flip cr4, 15
        done
case 'five-levels-in-long-mode', 0
        flip cr4, 12
        done
case 'bit-51-of-cr3', 0
        flip cr3, 51
        done
case 'low-bits-of-cr3-are-ignored', 0
        flip cr3, 0
        flip cr3, 11
        done
case 'pcid-with-low-bits-of-cr3', 0
        flip cr3, 0
        flip cr4, 17
        done
case 'cr1', 0
        mov rax, cr0
        db 0x0f, 0x22, 0xc8     ; MOV CR1, RAX
        done
case 'cr5', 0
        db 0x0f, 0x20, 0xe8     ; MOV RAX, CR5
        done
case 'cr8-above-15', 0
        mov eax, 16
        mov cr8, rax
        done
case 'cr0-at-cpl-3'
        mov rax, cr0
        done
case 'machine-status-word-does-not-end-protection', 0
        smsw ax
        btr eax, 0
        lmsw ax
        smsw ax
        test al, 1
        jz .wrong
        done
.wrong: ud2
case 'upper-half-of-dr6', 0
        mov rax, 0x100000000
        mov dr6, rax
        done
case 'upper-half-of-dr7', 0
        mov rax, 0x100000400
        mov dr7, rax
        done
case 'dr4-with-debugging-extensions', 0
        flip cr4, 3
        mov rax, dr4
        done
case 'dr4-without', 0
        mov rax, dr4
        done
case 'long-mode-off-while-paging', 0
        mov ecx, MSR_EFER
        rdmsr
        btr eax, 8
        wrmsr
        done
case 'bit-1-of-efer', 0
        mov ecx, MSR_EFER
        rdmsr
        bts eax, 1
        wrmsr
        done
case 'bit-63-of-efer', 0
        mov ecx, MSR_EFER
        rdmsr
        bts edx, 31
        wrmsr
        done
case 'register-that-does-not-exist', 0
        mov ecx, 0x12345678
        rdmsr
        done
case 'write-to-one-that-does-not-exist', 0
        mov ecx, 0x12345678
        wrmsr
        done
case 'register-at-cpl-3'
        mov ecx, MSR_EFER
        rdmsr
        done
case 'memory-type-that-does-not-exist', 0
        mov ecx, 0x277          ; PAT
        mov eax, 2
        xor edx, edx
        wrmsr
        done
case 'apic-base-beyond-the-processor', 0
        mov ecx, 0x1b
        rdmsr
        or edx, 0xfff00000
        wrmsr
        done
case 'xsetbv-without-osxsave', 0
        mov eax, 1
        xgetbv
        done
case 'xsetbv-without-x87', 0
        flip cr4, 18
        mov eax, 2
        xor ecx, ecx
        xor edx, edx
        xsetbv
        done
case 'halt-at-cpl-3'
        hlt
case 'interrupt-flag-at-cpl-3'
        cli
        done
case 'port-at-cpl-3'
        in al, 0x60
        done
case 'pop-of-flags-at-cpl-3'
        pushfq
        or dword [rsp], 0x3200
        popfq
        done

end_of_cases
