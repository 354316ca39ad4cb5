; Reserved bits in the paging structures of four levels: an access through them is a page fault that says so (bit 3).
;
; SDM Vol. 3A "4-Level Paging and 5-Level Paging", tables of entry formats; "Page-Fault Exceptions" for the error code.

%define BITS_OF_CASES 64
%include "strict/src/supervisor.inc"

MSR_EFER_NXE equ 0x800
SECOND  equ 0x8000000000        ; by the second entry of the PML4
THIRD   equ 0x40000000          ; by the second entry of the page-directory-pointer table
FOURTH  equ 0x600000            ; by the fourth entry of the page directory

case 'bit-51-of-a-pte', 0
        bts qword [PAGE_PT], 51
        mov al, [PAGE]
        done
case 'bit-51-of-a-pte-on-a-write', 0
        bts qword [PAGE_PT], 51
        mov [PAGE], al
        done
case 'bit-51-of-a-pte-at-cpl-3'
        mov eax, cs             ; the supervisor's tables are open to all
        bts qword [PAGE_PT + 8], 51
        mov al, [PAGE + 0x1000]
        done
case 'bit-51-of-a-pte-that-is-not-present', 0
        bts qword [PAGE_PT], 51
        btr qword [PAGE_PT], 0
        mov al, [PAGE]
        done
case 'bit-51-of-a-pde', 0
        bts qword [PD + (PAGE >> 21) * 8], 51
        mov al, [PAGE]
        done
case 'bit-51-of-a-pdpte', 0
        mov dword [PDPT + 8], PD + 7
        bts qword [PDPT + 8], 51
        mov al, [THIRD]
        done
case 'bit-51-of-a-pml4e', 0
        mov dword [PML4 + 8], PDPT + 7
        bts qword [PML4 + 8], 51
        mov rbx, SECOND
        mov al, [rbx]
        done
case 'page-size-in-a-pml4e', 0
        mov dword [PML4 + 8], PDPT + 7 + 0x80
        mov rbx, SECOND
        mov al, [rbx]
        done
case 'two-mib-page', 0
        mov dword [PD + (FOURTH >> 21) * 8], 0x87
        mov al, [FOURTH]
        done
case 'bit-13-of-a-two-mib-page', 0
        mov dword [PD + (FOURTH >> 21) * 8], 0x2087
        mov al, [FOURTH]
        done
case 'bit-20-of-a-two-mib-page', 0
        mov dword [PD + (FOURTH >> 21) * 8], 0x100087
        mov al, [FOURTH]
        done
case 'bit-13-of-a-one-gib-page', 0
        mov dword [PDPT + 8], 0x2087
        mov al, [THIRD]
        done
case 'bits-that-are-ignored', 0
        mov dword [PAGE_PT + 4], 0x07f00000
        or dword [PAGE_PT], 0xe00
        mov al, [PAGE]
        done
case 'execute-disable-without-nxe', 0
        mov ecx, MSR_EFER
        rdmsr
        and eax, ~MSR_EFER_NXE
        wrmsr
        bts qword [PAGE_PT], 63
        mov al, [PAGE]
        done
case 'execute-disable-with-nxe', 0
        bts qword [PAGE_PT], 63
        mov al, [PAGE]
        done
case 'fetch', 0
        bts qword [PAGE_PT], 51
        mov ebx, PAGE
        jmp rbx
case 'physical-address-beyond-the-processor', 0
        mov dword [PAGE_PT + 4], 0x000fffff
        mov al, [PAGE]
        done

end_of_cases
