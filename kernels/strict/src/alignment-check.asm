; Alignment checks, which CR0.AM and EFLAGS.AC turn on for code at CPL 3.
;
; SDM Vol. 3A "Interrupt 17—Alignment Check Exception (#AC)".

%define BITS_OF_CASES 64
%include "strict/src/supervisor.inc"

%macro check_alignment 0        ; native.c runs where CR0.AM is set already
        pushfq
        or dword [rsp], 1 << 18
        popfq
%endmacro

case 'aligned'
        check_alignment
        mov eax, [DATA + 4]
        mov [DATA + 8], rax
        done
case 'byte'
        check_alignment
        mov al, [DATA + 1]
        done
case 'word'
        check_alignment
        mov ax, [DATA + 1]
        done
case 'dword'
        check_alignment
        mov [DATA + 2], eax
        done
case 'qword'
        check_alignment
        mov rax, [DATA + 4]
        done
case 'read-and-write'
        check_alignment
        inc dword [DATA + 1]
        done
case 'push'
        check_alignment
        sub rsp, 4
        push rax
        done
case 'x87'
        check_alignment
        fld qword [DATA + 4]
        done
case 'sse-scalar'
        check_alignment
        movsd xmm0, [DATA + 4]
        done
case 'sse-that-must-be-aligned'
        check_alignment
        movaps xmm0, [DATA + 4]
        done
case 'string'
        check_alignment
        mov esi, DATA + 1
        lodsd
        done
case 'without-the-flag'
        mov eax, [DATA + 1]
        done
case 'at-cpl-0', 0
        check_alignment
        mov eax, [DATA + 1]
        done

end_of_cases
