; Memory operands of 16 bytes that are not aligned, and SSE where the operating system did not allow it.
;
; SDM Vol. 2 "Exceptions Type 4", tables of each instruction; Vol. 3A "Checking for SSE Support".

%define BITS_OF_CASES 64
%include "strict/src/supervisor.inc"

case 'movups'
        movups xmm0, [DATA + 1]
        movdqu [DATA + 3], xmm0
        lddqu xmm0, [DATA + 1]
        done
case 'movaps-load'
        movaps xmm0, [DATA + 8]
        done
case 'movaps-store'
        movaps [DATA + 8], xmm0
        done
case 'movdqa-load'
        movdqa xmm0, [DATA + 1]
        done
case 'movapd-store'
        movapd [DATA + 4], xmm0
        done
case 'movntps'
        movntps [DATA + 8], xmm0
        done
case 'movntdq'
        movntdq [DATA + 8], xmm0
        done
case 'addps'
        addps xmm0, [DATA + 4]
        done
case 'andpd'
        andpd xmm0, [DATA + 8]
        done
case 'paddd'
        paddd xmm0, [DATA + 8]
        done
case 'pshufd'
        pshufd xmm0, [DATA + 8], 0
        done
case 'sqrtpd'
        sqrtpd xmm0, [DATA + 8]
        done
case 'haddps'
        haddps xmm0, [DATA + 8]
        done
case 'cvtps2dq'
        cvtps2dq xmm0, [DATA + 8]
        done
case 'operands-of-eight-bytes'
        movhps xmm0, [DATA + 1]
        addsd xmm0, [DATA + 3]
        cvtps2pd xmm0, [DATA + 5]
        paddd mm0, [DATA + 1]
        emms
        done
case 'misaligned-stack'
        mov rsp, STACK - 8
        movaps [rsp - 32], xmm0
        done
case 'call-without-alignment'
        sub rsp, 8              ; at the entry of a function that was called like this, RSP is not 16 n + 8
        call .function
        done
.function: movaps [rsp - 24], xmm0
        ret
case 'fxsave'
        fxsave [DATA + 8]
        done
case 'fxrstor'
        fxrstor [DATA + 8]
        done
case 'cmpxchg16b'
        cmpxchg16b [DATA + 8]
        done
case 'cmpxchg8b'
        cmpxchg8b [DATA + 1]
        done
case 'reserved-bits-of-mxcsr'
        mov dword [DATA], 0x10000
        ldmxcsr [DATA]
        done
case 'without-osfxsr', 0
        mov rax, cr4
        btr eax, 9
        mov cr4, rax
        movups xmm0, [DATA]
        done
case 'with-emulation', 0
        mov rax, cr0
        bts eax, 2
        mov cr0, rax
        movups xmm0, [DATA]
        done
case 'after-a-task-switch', 0
        mov rax, cr0
        bts eax, 3
        mov cr0, rax
        movups xmm0, [DATA]
        done
case 'unmasked-exception', 0
        mov dword [DATA], 0x1d00 ; division by zero is not masked
        ldmxcsr [DATA]
        xorps xmm1, xmm1
        mov dword [DATA], 0x3f800000
        movss xmm0, [DATA]
        divss xmm0, xmm1
        done
case 'unmasked-exception-without-osxmmexcpt', 0
        mov rax, cr4
        btr eax, 10
        mov cr4, rax
        mov dword [DATA], 0x1d00
        ldmxcsr [DATA]
        xorps xmm1, xmm1
        mov dword [DATA], 0x3f800000
        movss xmm0, [DATA]
        divss xmm0, xmm1
        done

end_of_cases
