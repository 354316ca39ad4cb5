; Expand-down segments: valid offsets lie above the limit, up to FFFFh or FFFFFFFFh as the B flag says.
;
; SDM Vol. 3A "Limit Checking"; "Segment Descriptors" for the B flag.

%define BITS_OF_CASES 32
%include "strict/src/supervisor.inc"

descriptor wide, 0, DATA - 1, ACCESS_EXPAND_DOWN, FLAGS_32
descriptor narrow, DATA, 0xfff, ACCESS_EXPAND_DOWN, FLAGS_16
descriptor pages, 0, (DATA >> 12) - 1, ACCESS_EXPAND_DOWN, FLAGS_32_PAGES

case 'first-valid-byte'
        mov ax, SEG_wide
        mov es, ax
        mov al, [es:DATA]
        done
case 'last-invalid-byte'
        mov ax, SEG_wide
        mov es, ax
        mov al, [es:DATA - 1]
        done
case 'write-below'
        mov ax, SEG_wide
        mov es, ax
        mov [es:DATA - 4], eax
        done
case 'across-the-limit'
        mov ax, SEG_wide
        mov es, ax
        mov eax, [es:DATA - 2]
        done
case 'offset-zero'
        mov ax, SEG_wide
        mov es, ax
        mov al, [es:eax + 0]
        done
case 'limit-in-pages'
        mov ax, SEG_pages
        mov es, ax
        mov al, [es:DATA]
        mov al, [es:DATA - 1]
        done
case 'below-64-kib-of-a-16-bit-segment'
        mov ax, SEG_narrow
        mov es, ax
        mov al, [es:0x1000]
        mov al, [es:0xfff]
        done
case 'above-64-kib-of-a-16-bit-segment'
        mov ax, SEG_narrow
        mov es, ax
        mov al, [es:0x10000]
        done
case 'across-64-kib-of-a-16-bit-segment'
        mov ax, SEG_narrow
        mov es, ax
        mov ax, [es:0xffff]
        done
case 'string-across-the-limit'
        mov ax, SEG_wide
        mov es, ax
        mov edi, DATA + 4
        mov ecx, 4
        std
        rep stosd
        done
case 'push-to-the-last-valid-word'
        mov ax, SEG_wide
        mov ss, ax
        mov esp, DATA + 4
        push eax
        done
case 'push-below'
        mov ax, SEG_wide
        mov ss, ax
        mov esp, DATA
        push eax
        done
case 'call-below'
        mov ax, SEG_wide
        mov ss, ax
        mov esp, DATA + 2
        call next_instruction
next_instruction:
        done
case 'frame-below'
        mov ax, SEG_wide
        mov ss, ax
        mov ebp, DATA - 8
        mov eax, [ebp]
        done

end_of_cases
