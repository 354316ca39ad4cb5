; Reserved bits in the paging structures of 32-bit code, with PAE and without.
;
; SDM Vol. 3A "PAE Paging", "32-Bit Paging", tables of entry formats.

%define BITS_OF_CASES 32
%include "strict/src/supervisor.inc"

DIRECTORY_TABLE equ DATA        ; with PAE: four PDPTEs; the first gibibyte
DIRECTORY equ DATA + 0x1000
TABLE   equ DATA + 0x2000       ; of the second 2 MiB
SECOND  equ 0x200000
BIG     equ 0x400000

%macro enable_pae 0             ; the first 2 MiB as they are, one page at SECOND, one of 2 MiB at BIG
        mov dword [DIRECTORY_TABLE], DIRECTORY + 1
        mov dword [DIRECTORY], 0x87
        mov dword [DIRECTORY + 8], TABLE + 7
        mov dword [DIRECTORY + 16], 0x87
        mov dword [TABLE], DATA + 0x3000 + 7
        mov eax, INITIAL_CR4 + 0x20
        mov cr4, eax
        mov eax, DIRECTORY_TABLE
        mov cr3, eax
        mov eax, 0x80010033
        mov cr0, eax
%endmacro
%macro enable_pse 0             ; the first 4 MiB as they are
        mov dword [DIRECTORY], 0x87
        mov eax, INITIAL_CR4 + 0x10
        mov cr4, eax
        mov eax, DIRECTORY
        mov cr3, eax
        mov eax, 0x80010033
        mov cr0, eax
%endmacro

case 'pae', 0
        enable_pae
        mov al, [SECOND]
        mov al, [BIG]
        done
case 'bit-62-of-a-pte', 0
        bts dword [TABLE + 4], 30
        enable_pae
        mov al, [SECOND]
        done
case 'bit-52-of-a-pte', 0
        bts dword [TABLE + 4], 20
        enable_pae
        mov al, [SECOND]
        done
case 'bit-52-of-a-pde', 0
        bts dword [DIRECTORY + 12], 20
        enable_pae
        mov al, [SECOND]
        done
case 'bit-13-of-a-two-mib-page', 0
        enable_pae
        bts dword [DIRECTORY + 16], 13
        mov al, [BIG]
        done
case 'execute-disable-without-nxe', 0
        bts dword [TABLE + 4], 31
        enable_pae
        mov al, [SECOND]
        done
case 'execute-disable-with-nxe', 0
        mov ecx, MSR_EFER
        xor edx, edx
        mov eax, 0x800
        wrmsr
        bts dword [TABLE + 4], 31
        enable_pae
        mov al, [SECOND]
        mov ebx, SECOND
        jmp ebx
case 'bit-1-of-a-pdpte', 0
        enable_pae
        bts dword [DIRECTORY_TABLE], 1
        mov eax, cr3
        mov cr3, eax
        done
case 'bit-5-of-a-pdpte', 0
        enable_pae
        bts dword [DIRECTORY_TABLE], 5
        mov eax, cr3
        mov cr3, eax
        done
case 'bit-63-of-a-pdpte', 0
        enable_pae
        bts dword [DIRECTORY_TABLE + 4], 31
        mov eax, cr3
        mov cr3, eax
        done
case 'bit-5-of-a-pdpte-when-paging-begins', 0
        mov dword [DIRECTORY_TABLE + 8], 0x21
        enable_pae
        done
case 'reserved-bits-of-a-pdpte-that-is-not-present', 0
        mov dword [DIRECTORY_TABLE + 8], 0x1e6
        enable_pae
        done
case 'pdptes-are-loaded-with-cr3-only', 0
        enable_pae
        mov dword [DIRECTORY_TABLE], 0
        mov al, [SECOND]
        done
case 'four-mib-page', 0
        enable_pse
        mov dword [DIRECTORY + 4], 0x87
        mov al, [BIG]
        done
case 'bit-21-of-a-four-mib-page', 0
        enable_pse
        mov dword [DIRECTORY + 4], 0x200087
        mov al, [BIG]
        done
case 'page-size-without-pse', 0
        mov dword [DIRECTORY + 4], TABLE + 0x87
        mov dword [TABLE], DATA + 7
        enable_pse
        mov al, [BIG]
        done

end_of_cases
