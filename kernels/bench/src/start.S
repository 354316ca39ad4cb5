/* The entry, for each way of being loaded:
 *   DIRECT       64-bit code on the loader's stack, as the bootloader crate 0.9 hands over
 *   MULTIBOOT64  Multiboot 1, then long mode with the first GiB mapped to itself
 *   MULTIBOOT32  Multiboot 1, and 32-bit code without paging
 */
        .intel_syntax noprefix

#ifdef DIRECT
        .text
        .code64
        .global _start
_start: xor     ebp, ebp
        call    start
        ud2
#else

        .section .multiboot, "a"
        .balign 4
        .long   0x1badb002, 0, -0x1badb002

        .bss
        .balign 4096
#ifdef MULTIBOOT64
pml4:   .skip   4096
pdpt:   .skip   4096
pd:     .skip   4096
#endif
        .skip   65536
stack_top:

        .text
        .code32
        .global _start
_start: mov     esp, offset stack_top

#ifdef MULTIBOOT32
        xor     ebp, ebp
        call    start
        ud2
#else
        lea     eax, [pdpt + 3]                 /* present, writable */
        mov     [pml4], eax
        lea     eax, [pd + 3]
        mov     [pdpt], eax
        xor     ecx, ecx
fill:   mov     eax, ecx                        /* the n-th 2 MiB page: present, writable, page size */
        shl     eax, 21
        or      eax, 0x83
        mov     [pd + ecx * 8], eax
        inc     ecx
        cmp     ecx, 512
        jb      fill

        mov     eax, cr4
        or      eax, 0x20                       /* CR4.PAE */
        mov     cr4, eax
        mov     eax, offset pml4
        mov     cr3, eax
        mov     ecx, 0xc0000080                 /* EFER.LME */
        rdmsr
        or      eax, 0x100
        wrmsr
        mov     eax, cr0
        or      eax, 0x80000001                 /* CR0.PG and CR0.PE */
        mov     cr0, eax
        lgdt    [gdt_pointer]
        push    8                               /* the 64-bit code segment */
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
        mov     esp, offset stack_top
        xor     ebp, ebp
        call    start
        ud2

        .section .rodata
        .balign 8
gdt:    .quad   0
        .quad   0x00209a0000000000              /* code: present, ring 0, 64-bit */
gdt_pointer:
        .word   gdt_pointer - gdt - 1
        .long   gdt
#endif
#endif
        .section .note.GNU-stack, "", @progbits
