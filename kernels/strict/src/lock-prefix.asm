; LOCK where it may not be, and encodings that are no instructions.
;
; SDM Vol. 2 "LOCK", "Instruction Format" for the length limit, and the pages of the other instructions.

%define BITS_OF_CASES 64
%include "strict/src/supervisor.inc"

case 'lockable'
        lock add [DATA], eax
        lock xadd [DATA], eax
        lock cmpxchg8b [DATA]
        lock bts [DATA], eax
        lock not dword [DATA]
        lock xchg [DATA], eax
        done
case 'mov'
        db 0xf0
        mov [DATA], eax
        done
case 'register-destination'
        db 0xf0
        add eax, ebx
        done
case 'memory-source'
        db 0xf0
        add eax, [DATA]
        done
case 'cmp'
        db 0xf0
        cmp [DATA], eax
        done
case 'test'
        db 0xf0
        test [DATA], eax
        done
case 'bt'
        db 0xf0
        bt [DATA], eax
        done
case 'bts-of-a-register'
        db 0xf0
        bts eax, ebx
        done
case 'inc-of-a-register'
        db 0xf0
        inc eax
        done
case 'xchg-of-registers'
        db 0xf0
        xchg ecx, ebx
        done
case 'shl'
        db 0xf0
        shl dword [DATA], 1
        done
case 'nop'
        db 0xf0
        nop
        done
case 'push'
        db 0xf0
        push rax
        done
case 'jmp'
        db 0xf0
        jmp short .next
.next:  done
case 'lea'
        db 0xf0
        lea eax, [DATA]
        done
case 'movaps'
        db 0xf0
        movaps [DATA], xmm0
        done
case 'x87'
        db 0xf0
        fld1
        done
case 'stosb'
        mov edi, DATA
        db 0xf0
        stosb
        done
case 'lea-of-a-register'
        db 0x8d, 0xc0
        done
case 'mov-to-cs'
        db 0x8e, 0xc8
        done
case 'far-jump-by-a-register'
        db 0xff, 0xe8
        done
case 'cmpxchg8b-of-a-register'
        db 0x0f, 0xc7, 0xc8
        done
case 'group-5-without-an-instruction'
        db 0xff, 0xf8
        done
case 'aaa-in-64-bit-code'
        db 0x37
        done
case 'push-of-cs-in-64-bit-code'
        db 0x0e
        done
case 'far-call-in-64-bit-code'
        db 0x9a, 0, 0, 0, 0, 0, 0
        done
case 'fifteen-bytes'
        times 14 db 0x66
        nop
        done
case 'sixteen-bytes'
        times 15 db 0x66
        nop
        done
case 'ud2'
        ud2
        done

end_of_cases
