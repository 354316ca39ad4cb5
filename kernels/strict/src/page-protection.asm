; What the R/W, U/S and XD flags of a page forbid.
;
; SDM Vol. 3A "Access Rights", "Page-Fault Exceptions" for the error code.

%define BITS_OF_CASES 64
%include "strict/src/supervisor.inc"

WRITABLE equ 1                  ; bits of an entry
USER    equ 2
CR0_WP  equ 16

case 'write-to-a-read-only-page', 0
        btr qword [PAGE_PT], WRITABLE
        mov [PAGE], al
        done
case 'write-without-write-protect', 0
        btr qword [PAGE_PT], WRITABLE
        mov rax, cr0
        btr rax, CR0_WP
        mov cr0, rax
        mov [PAGE], al
        done
case 'write-to-a-read-only-page-at-cpl-3'
        btr qword [PAGE_PT], WRITABLE
        mov [PAGE], al
        done
case 'write-by-a-read-only-directory', 0
        btr qword [PD + (PAGE >> 21) * 8], WRITABLE
        mov [PAGE], al
        done
case 'read-and-write-of-a-read-only-page', 0
        btr qword [PAGE_PT], WRITABLE
        lock inc dword [PAGE]
        done
case 'write-across-into-a-read-only-page', 0
        btr qword [PAGE_PT + 8], WRITABLE
        mov dword [PAGE + 0xffe], -1
        done
case 'compare-that-fails-on-a-read-only-page', 0
        btr qword [PAGE_PT], WRITABLE
        mov eax, 1
        cmpxchg [PAGE], ecx
        done
case 'push-to-a-read-only-page', 0
        btr qword [PAGE_PT], WRITABLE
        mov esp, PAGE + 0x800
        push rax
        done
case 'supervisor-page-at-cpl-3'
        btr qword [PAGE_PT], USER
        mov al, [PAGE]
        done
case 'supervisor-directory-at-cpl-3'
        btr qword [PD + (PAGE >> 21) * 8], USER
        mov al, [PAGE]
        done
case 'page-that-is-not-present', 0
        btr qword [PAGE_PT], 0
        mov al, [PAGE]
        done
case 'page-that-is-not-present-at-cpl-3'
        btr qword [PAGE_PT], 0
        mov [PAGE], al
        done
case 'fetch-from-an-execute-disable-page', 0
        mov byte [DATA], 0xc3
        bts qword [PAGE_PT], 63
        mov ebx, PAGE
        call rbx
        done
case 'fetch-from-an-execute-disable-page-at-cpl-3'
        mov byte [DATA], 0xc3
        bts qword [PAGE_PT], 63
        mov ebx, PAGE
        call rbx
        done
case 'fetch-by-an-execute-disable-directory', 0
        mov byte [DATA], 0xc3
        bts qword [PD + (PAGE >> 21) * 8], 63
        mov ebx, PAGE
        call rbx
        done
case 'instruction-across-into-an-execute-disable-page', 0
        mov byte [DATA + 0xfff], 0xb8 ; MOV EAX
        bts qword [PAGE_PT + 8], 63
        mov ebx, PAGE + 0xfff
        call rbx
        done
case 'stale-translation', 0
        mov al, [PAGE]
        btr qword [PAGE_PT], 0
        invlpg [PAGE]
        mov al, [PAGE]
        done

end_of_cases
