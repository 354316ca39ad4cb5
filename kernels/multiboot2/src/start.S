/* A Multiboot 2 header, and the entry. The code runs wherever it is loaded; with RELOCATABLE the header says so. */
        .intel_syntax noprefix
        .set    OPTIONAL, 1

        .section .multiboot, "a"
        .balign 8
header: .long   0xe85250d6, 0                   /* magic; architecture: i386 */
        .long   header_end - header
        .long   -(0xe85250d6 + (header_end - header))

        .balign 8
        .short  1, 0                            /* information request: */
        .long   8 + 4 * 6
        .long   1, 3, 4, 6, 8, 9                /* command line, modules, memory, its map, framebuffer, sections */

        .balign 8
        .short  4, 0                            /* console flags: required, text is fine */
        .long   12, 3

        .balign 8
        .short  6, 0                            /* module alignment */
        .long   8

        .balign 8
        .short  7, OPTIONAL                     /* EFI boot services */
        .long   8

#ifdef RELOCATABLE
        .balign 8
        .short  10, 0                           /* relocatable: 4 to 16 MiB, 64 KiB, as high as possible */
        .long   24, 0x400000, 0x1000000, 0x10000, 2
#endif
        .balign 8
        .short  0, 0                            /* end */
        .long   8
header_end:

        .bss
        .balign 16
stack:  .skip   16384
stack_top:

        .text
        .global _start
_start: lea     esp, [ebx + 8]                  /* the information's reserved word: there is no stack yet */
        call    here
here:   pop     ecx
        add     ecx, offset _GLOBAL_OFFSET_TABLE_ + (. - here)
        lea     esp, [ecx + stack_top@GOTOFF]
        xor     ebp, ebp
        push    ebx
        push    eax
        call    start
        ud2

        .section .note.GNU-stack, "", @progbits
