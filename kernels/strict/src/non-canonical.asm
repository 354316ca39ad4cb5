; Addresses whose upper bits are not copies of bit 47: as operands, as targets, and on the way back from a handler.
;
; SDM Vol. 1 "Canonical Addressing"; Vol. 2 "IRET", "SYSRET", "JMP", "CALL", "RET", "WRMSR", "LGDT", "INVLPG". At SYSRET
; AMD's processors fault in the less privileged code instead.

%define BITS_OF_CASES 64
%include "strict/src/supervisor.inc"

BAD     equ 0x0000800000000000
MSR_LSTAR equ 0xc0000082
MSR_FS_BASE equ 0xc0000100

case 'read'
        mov rbx, BAD
        mov al, [rbx]
        done
case 'write'
        mov rbx, BAD
        mov [rbx], al
        done
case 'read-by-rbp'
        mov rbp, BAD
        mov al, [rbp]
        done
case 'read-across-the-border'
        mov rbx, BAD - 4
        mov rax, [rbx]
        done
case 'push'
        mov rsp, BAD + 0x1000
        push rax
        done
case 'pop'
        mov rsp, BAD
        pop rax
        done
case 'load-of-the-address-alone'
        mov rbx, BAD
        lea rax, [rbx]
        prefetcht0 [rbx]
        nop dword [rbx]
        done
case 'jump'
        mov rbx, BAD
        jmp rbx
case 'jump-by-memory'
        mov rbx, BAD
        mov [DATA], rbx
        jmp [DATA]
case 'call'
        mov rbx, BAD
        call rbx
case 'return'
        mov rbx, BAD
        push rbx
        ret
case 'far-return'
        mov rbx, BAD
        mov ecx, cs
        push rcx
        push rbx
        retfq
case 'interrupt-return'
        mov rbx, BAD
        mov ecx, ss
        mov edx, cs
        push rcx
        push STACK
        pushfq
        push rdx
        push rbx
        iretq
case 'interrupt-return-at-cpl-0', 0
        mov rbx, BAD
        push DATA0
        push STACK
        push 2
        push CODE0
        push rbx
        iretq
case 'interrupt-return-to-cpl-3', 0
        mov rbx, BAD
        push DATA3
        push STACK
        push 2
        push CODE3
        push rbx
        iretq
case 'interrupt-return-to-a-stack', 0
        mov rbx, BAD
        push DATA3
        push rbx
        push 2
        push CODE3
        push .outside
        iretq
.outside: pop rax
        done
case 'system-return', 0
        mov ecx, 0xc0000081     ; STAR
        xor eax, eax
        mov edx, (DATA0 | 3) << 16
        wrmsr
        mov rcx, BAD
        mov r11d, 2
        o64 sysret
case 'target-of-system-calls', 0
        mov ecx, MSR_LSTAR
        mov edx, BAD >> 32
        wrmsr
        done
case 'base-of-fs', 0
        mov ecx, MSR_FS_BASE
        mov edx, BAD >> 32
        wrmsr
        done
case 'descriptor-table', 0
        mov rbx, BAD
        mov word [DATA], 0xff
        mov [DATA + 2], rbx
        lgdt [DATA]
        done
case 'interrupt-descriptor-table', 0
        mov rbx, BAD
        mov word [DATA], 0xff
        mov [DATA + 2], rbx
        lidt [DATA]
        done
case 'invalidated-page', 0
        mov rbx, BAD
        invlpg [rbx]
        done
case 'handler', 0
        mov word [IDT + 0x30 * 16 + 2], CODE0
        mov word [IDT + 0x30 * 16 + 4], 0x8e00
        mov dword [IDT + 0x30 * 16 + 8], BAD >> 32
        int 0x30

end_of_cases
