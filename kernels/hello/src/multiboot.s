// From the state of a Multiboot 1 hand-over (32-bit protected mode, paging off, EBX = information structure)
// into long mode with the first GiB mapped to itself. The header is in multiboot.ld.

.section .text.start, "ax"
.code32
.global _start
_start:
        mov     esp, offset stack_top
        mov     esi, ebx                // EBX is lost to nothing below, but RDI is where the argument goes

        mov     eax, offset pdpt        // PML4[0] -> PDPT, present and writable
        or      eax, 3
        mov     [pml4], eax
        mov     eax, offset pd          // PDPT[0] -> PD
        or      eax, 3
        mov     [pdpt], eax
        xor     ecx, ecx
fill:   mov     eax, ecx                // PD[n] = the n-th 2 MiB page: present, writable, page size
        shl     eax, 21
        or      eax, 0x83
        mov     [pd + ecx * 8], eax
        inc     ecx
        cmp     ecx, 512
        jb      fill

        mov     eax, cr4
        or      eax, 0x20               // CR4.PAE
        mov     cr4, eax
        mov     eax, offset pml4
        mov     cr3, eax
        mov     ecx, 0xc0000080         // EFER.LME
        rdmsr
        or      eax, 0x100
        wrmsr
        mov     eax, cr0
        or      eax, 0x80000001         // CR0.PG and CR0.PE
        mov     cr0, eax
        lgdt    [gdt_pointer]
        push    8                       // the 64-bit code segment
        mov     eax, offset long_mode
        push    eax
        retf

.code64
long_mode:
        xor     eax, eax
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        mov     ss, eax
        lea     rsp, [rip + stack_top]
        mov     edi, esi                // the upper half becomes zero
        xor     ebp, ebp
        call    {main}
        ud2

.section .rodata
.balign 8
gdt:
        .quad   0
        .quad   0x00209a0000000000      // code: present, ring 0, 64-bit
gdt_pointer:
        .word   gdt_pointer - gdt - 1
        .long   gdt

.section .bss
.balign 4096
pml4:   .skip   4096
pdpt:   .skip   4096
pd:     .skip   4096
        .skip   65536
stack_top:
