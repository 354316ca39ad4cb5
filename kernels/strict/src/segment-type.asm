; Segments used for what their type does not permit, and selectors that may not be loaded.
;
; SDM Vol. 3A "Type Checking", "Null Segment Selector Checking", "Privilege Checking when Accessing Data Segments"; Vol. 2 "MOV".

%define BITS_OF_CASES 32
%include "strict/src/supervisor.inc"

descriptor read_only, 0, 0xfffff, ACCESS_READ_ONLY, FLAGS_32_PAGES
descriptor execute_only, 0, 0xfffff, ACCESS_EXECUTE_ONLY, FLAGS_32_PAGES
descriptor code, 0, 0xfffff, ACCESS_CODE, FLAGS_32_PAGES
descriptor absent, 0, 0xfffff, ACCESS_DATA - NOT_PRESENT, FLAGS_32_PAGES
descriptor absent_code, 0, 0xfffff, ACCESS_CODE - NOT_PRESENT, FLAGS_32_PAGES
descriptor data, 0, 0xfffff, ACCESS_DATA, FLAGS_32_PAGES
BEYOND  equ 0xfff7              ; no local descriptor table has so many

case 'read-from-read-only-data'
        mov ax, SEG_read_only
        mov es, ax
        mov al, [es:DATA]
        done
case 'write-to-read-only-data'
        mov ax, SEG_read_only
        mov es, ax
        mov [es:DATA], al
        done
case 'read-and-write-of-read-only-data'
        mov ax, SEG_read_only
        mov es, ax
        add byte [es:DATA], 1
        done
case 'string-to-read-only-data'
        mov ax, SEG_read_only
        mov es, ax
        mov edi, DATA
        stosb
        done
case 'exchange-that-changes-nothing'
        mov ax, SEG_read_only
        mov es, ax
        cmpxchg [es:DATA + 1], ax
        done
case 'read-from-readable-code'
        jmp SEG_code:.inside
.inside: mov al, [cs:DATA]
        done
case 'write-to-code'
        jmp SEG_code:.inside
.inside: mov [cs:DATA], al
        done
case 'write-to-code-by-another-register'
        mov ax, SEG_code
        mov es, ax
        mov al, [es:DATA]
        mov [es:DATA], al
        done
case 'read-from-execute-only-code'
        jmp SEG_execute_only:.inside
.inside: mov al, [cs:DATA]
        done
case 'load-execute-only-code'
        mov ax, SEG_execute_only
        mov es, ax
        done
case 'read-by-a-null-selector'
        mov es, ax
        mov al, [es:DATA]
        done
case 'write-by-a-null-selector'
        mov es, ax
        mov [es:DATA], al
        done
case 'null-selector-with-rpl-3'
        mov al, 3
        mov fs, ax
        mov al, [fs:DATA]
        done
case 'load-data-that-is-not-present'
        mov ax, SEG_absent
        mov es, ax
        done
case 'load-beyond-the-table'
        mov ax, BEYOND
        mov es, ax
        done
case 'stack-of-read-only-data'
        mov ax, SEG_read_only
        mov ss, ax
        done
case 'stack-of-code'
        mov ax, SEG_code
        mov ss, ax
        done
case 'stack-by-a-null-selector'
        mov ss, ax
        done
case 'stack-that-is-not-present'
        mov ax, SEG_absent
        mov ss, ax
        done
case 'stack-with-another-rpl'
        mov ax, SEG_data - 3
        mov ss, ax
        done
case 'stack-of-expected-type'
        mov ax, SEG_data
        mov ss, ax
        push eax
        done
case 'jump-to-data'
        jmp SEG_data:DATA
case 'jump-to-code-that-is-not-present'
        jmp SEG_absent_code:DATA
case 'jump-by-a-null-selector'
        jmp 0:DATA
case 'jump-beyond-the-table'
        jmp BEYOND:DATA
case 'return-to-data'
        push SEG_data
        push DATA
        retf
case 'far-pointer-to-a-segment-that-is-not-present'
        mov dword [DATA], 0x12345678
        mov word [DATA + 4], SEG_absent
        les ebx, [DATA]
        done

end_of_cases
