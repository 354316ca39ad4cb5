; Accesses that overrun the limit of a data, stack or code segment, by a byte or by far.
;
; SDM Vol. 3A "Limit Checking"; Vol. 2 "JMP", "RET" for targets outside the code segment.

%define BITS_OF_CASES 32
%include "strict/src/supervisor.inc"

descriptor data, DATA, 0xff, ACCESS_DATA, FLAGS_32
descriptor page, DATA, 0, ACCESS_DATA, FLAGS_32_PAGES
descriptor stack16, DATA, 0xff, ACCESS_DATA, FLAGS_16
descriptor code, 0, address(code_end) - 1, ACCESS_CODE, FLAGS_32

case 'last-byte'
        mov ax, SEG_data
        mov es, ax
        mov al, [es:0xff]
        done
case 'byte-behind-the-limit'
        mov ax, SEG_data
        mov es, ax
        mov al, [es:0x100]
        done
case 'word-across-the-limit'
        mov ax, SEG_data
        mov es, ax
        mov ax, [es:0xff]
        done
case 'dword-across-the-limit'
        mov ax, SEG_data
        mov es, ax
        mov [es:0xfd], eax
        done
case 'far-behind-the-limit'
        mov ax, SEG_data
        mov es, ax
        mov al, [es:0x80000000]
        done
case 'negative-offset'
        mov ax, SEG_data
        mov es, ax
        mov ebx, -1
        mov al, [es:ebx]
        done
case 'limit-in-pages'
        mov ax, SEG_page
        mov es, ax
        mov al, [es:0xfff]
        mov al, [es:0x1000]
        done
case 'read-and-write'
        mov ax, SEG_data
        mov es, ax
        inc dword [es:0xfe]
        done
case 'string-across-the-limit'
        mov ax, SEG_data
        mov es, ax
        mov edi, 0xf0
        mov ecx, 5
        rep stosd
        done
case 'x87-across-the-limit'
        mov ax, SEG_data
        mov es, ax
        fnstenv [es:0xe8]
        done
case 'sse-across-the-limit'
        mov ax, SEG_data
        mov es, ax
        movups [es:0xf8], xmm0
        done
case 'push-behind-the-limit'
        mov ax, SEG_data
        mov ss, ax
        mov esp, 0x102
        push eax
        done
case 'push-around-zero'
        mov ax, SEG_data
        mov ss, ax
        mov esp, 2
        push eax
        done
case 'push-around-zero-of-a-16-bit-stack'
        mov ax, SEG_stack16
        mov ss, ax
        mov esp, 2
        push eax
        done
case 'pop-behind-the-limit'
        mov ax, SEG_data
        mov ss, ax
        mov esp, 0xfe
        pop eax
        done
case 'frame-behind-the-limit'
        mov ax, SEG_data
        mov ss, ax
        mov ebp, 0x100
        mov eax, [ebp]
        done
case 'return-address-behind-the-limit'
        mov ax, SEG_data
        mov ss, ax
        mov esp, 0x100
        ret
case 'far-jump-behind-the-limit'
        jmp SEG_code:code_end
case 'near-jump-behind-the-limit'
        jmp SEG_code:inside
inside: jmp code_end + 0x100
case 'return-behind-the-limit'
        jmp SEG_code:before_return
before_return:
        push code_end + 0x100
        ret
case 'far-return-behind-the-limit'
        push SEG_code
        push code_end
        retf
case 'interrupt-return-behind-the-limit'
        pushfd
        push SEG_code
        push code_end
        iretd
case 'instruction-across-the-limit'
        jmp SEG_code:across
case 'running-into-the-limit'
        jmp SEG_code:last
across: db 0xb8                 ; MOV EAX, of which two bytes lie before the limit
last:   nop
code_end:
        done

end_of_cases
