; Conforming code segments: they are entered from less privileged code, which stays what it is, and never from more
; privileged code; others are entered at their own level only.
;
; SDM Vol. 3A "Direct Calls or Jumps to Code Segments", "Accessing Data in Code Segments"; Vol. 2 "CALL", "JMP", "RET", "IRET".

%define BITS_OF_CASES 32
%include "strict/src/supervisor.inc"

descriptor conforming0, 0, 0xfffff, ACCESS_CONFORMING_0, FLAGS_32_PAGES
descriptor conforming3, 0, 0xfffff, ACCESS_CONFORMING, FLAGS_32_PAGES
descriptor code0, 0, 0xfffff, ACCESS_CODE_0, FLAGS_32_PAGES
descriptor code3, 0, 0xfffff, ACCESS_CODE, FLAGS_32_PAGES
descriptor data0, 0, 0xfffff, ACCESS_DATA_0, FLAGS_32_PAGES

case 'call-from-less-privileged-code'
        call SEG_conforming0:returns
        done
case 'privilege-does-not-rise'
        jmp SEG_conforming0:.inside
.inside: hlt
case 'jump-from-more-privileged-code', 0
        jmp SEG_conforming3:DATA
case 'call-from-more-privileged-code', 0
        call SEG_conforming3:DATA
case 'rpl-does-not-matter', 0
        jmp SEG_conforming0:.inside
.inside: mov ax, cs
        test al, 3
        jnz .wrong
        done
.wrong: ud2
case 'return-to-a-higher-dpl', 0
        push SEG_conforming3 - 3
        push DATA
        retf
case 'interrupt-return-to-a-higher-dpl', 0
        pushfd
        push SEG_conforming3 - 3
        push DATA
        iretd
case 'return-to-a-lower-dpl'
        push SEG_conforming0
        push .inside
        retf
.inside: done
case 'return-to-a-lower-rpl'
        push SEG_conforming0 - 3
        push DATA
        retf
case 'handler-of-a-higher-dpl', 0
        mov word [IDT + 0x30 * 8 + 2], SEG_conforming3
        mov word [IDT + 0x30 * 8 + 4], 0x8e00
        int 0x30
case 'read-as-data'
        mov ax, SEG_conforming0
        mov es, ax
        mov al, [es:DATA]
        done
case 'write-as-data'
        mov ax, SEG_conforming0
        mov es, ax
        mov [es:DATA], al
        done
case 'write-to-itself'
        jmp SEG_conforming0:.inside
.inside: mov [cs:DATA], al
        done
case 'conforming-stack'
        mov ax, SEG_conforming0
        mov ss, ax
        done
case 'jump-to-more-privileged-code'
        jmp SEG_code0:DATA
case 'jump-to-less-privileged-code', 0
        jmp SEG_code3:DATA
case 'jump-with-too-high-an-rpl', 0
        jmp SEG_code0:DATA
case 'read-more-privileged-code-as-data'
        mov ax, SEG_code0
        mov es, ax
        done
case 'read-more-privileged-data'
        mov ax, SEG_data0
        mov es, ax
        done
case 'load-with-too-high-an-rpl', 0
        mov ax, SEG_data0
        mov es, ax
        done
case 'return-to-another-level-than-the-rpl', 0
        push SEG_code0
        push DATA
        retf
case 'data-is-dropped-on-the-way-out', 0
        mov ax, DATA0
        mov es, ax
        push DATA3
        push STACK
        push SEG_code3
        push .outside
        retf
.outside: mov al, [es:DATA]
        done
returns: retf

end_of_cases
