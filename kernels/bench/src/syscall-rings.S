/* The ways between the rings of the syscall workload:
 *   64 bits      SYSCALL and SYSRET
 *   MULTIBOOT32  an interrupt gate and IRET
 * A program of ring 3 has its call's number in EAX and the argument in ESI, and gets the answer in EAX.
 */
        .intel_syntax noprefix

        .set    KERNEL_CODE, 0x08
        .set    KERNEL_DATA, 0x10
        .set    USER_DATA, 0x1b
        .set    USER_CODE, 0x23
        .text
        .global set_up_rings, enter_user, leave_user

#ifndef MULTIBOOT32
        .code64
        .macro  write_msr number, high, low
        mov     ecx, \number
        mov     edx, \high
        mov     eax, \low
        wrmsr
        .endm

set_up_rings:
        lgdt    [gdt_pointer]
        write_msr 0xc0000081, KERNEL_DATA << 16 | 3 << 16 | KERNEL_CODE, 0 /* STAR: SYSRET adds 8 and 16 */
        write_msr 0xc0000082, 0, "offset system_call"                   /* LSTAR */
        write_msr 0xc0000084, 0, 0x700                                  /* FMASK: DF, IF, TF */
        write_msr 0xc0000102, 0, "offset kernel_stack"                  /* KERNEL_GS_BASE, for SWAPGS */
        mov     ecx, 0xc0000080                                         /* EFER.SCE */
        rdmsr
        or      eax, 1
        wrmsr
        ret

/* What the kernel needs is below here on the stack until leave_user. */
enter_user:
        push    rbx
        push    rbp
        push    r12
        push    r13
        push    r14
        push    r15
        sub     rsp, 8
        mov     [kernel_stack], rsp
        mov     rcx, rdi
        mov     rsp, rsi
        mov     r11d, 2                         /* flags: nothing but the bit that is always set */
        sysretq

system_call:
        swapgs
        mov     gs:[8], rsp
        mov     rsp, gs:[0]
        push    rcx
        push    r11
        mov     edi, eax
        call    dispatch
        pop     r11
        pop     rcx
        mov     rsp, gs:[8]
        swapgs
        sysretq

leave_user:
        mov     rsp, [kernel_stack]
        add     rsp, 8
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbp
        pop     rbx
        ret

        .section .rodata
        .balign 8
gdt:    .quad   0
        .quad   0x00209a0000000000              /* code: present, ring 0, 64-bit */
        .quad   0x0000920000000000              /* data: present, ring 0, writable */
        .quad   0x0000f20000000000              /* data: present, ring 3, writable */
        .quad   0x0020fa0000000000              /* code: present, ring 3, 64-bit */
gdt_pointer:
        .word   gdt_pointer - gdt - 1
        .quad   gdt

        .bss
        .balign 8
kernel_stack:
        .skip   8
        .skip   8                               /* the program's stack, while the kernel runs */

#else
        .set    TASK, 0x28
        .set    VECTOR, 0x80

        .code32
set_up_rings:
        mov     eax, offset task                /* The base of the task's descriptor is in three parts. */
        mov     [gdt + TASK + 2], ax
        shr     eax, 16
        mov     [gdt + TASK + 4], al
        mov     [gdt + TASK + 7], ah
        mov     dword ptr [task + 8], KERNEL_DATA
        mov     eax, offset system_call         /* The gate: present, for ring 3, interrupts off. */
        mov     edx, eax
        and     eax, 0xffff
        or      eax, KERNEL_CODE << 16
        mov     [idt + VECTOR * 8], eax
        and     edx, 0xffff0000
        or      edx, 0xee00
        mov     [idt + VECTOR * 8 + 4], edx
        lgdt    [gdt_pointer]
        lidt    [idt_pointer]
        jmp     KERNEL_CODE:load_segments
load_segments:
        mov     eax, KERNEL_DATA
        mov     ss, eax
        mov     eax, TASK
        ltr     ax
        mov     eax, KERNEL_DATA
        jmp     load_data_segments              /* returns */

load_data_segments:
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        ret

/* What the kernel needs is below here on the stack until leave_user. */
enter_user:
        mov     edx, [esp + 4]                  /* entry */
        mov     ecx, [esp + 8]                  /* stack */
        push    ebx
        push    ebp
        push    esi
        push    edi
        mov     [task + 4], esp                 /* ESP0 */
        mov     eax, USER_DATA
        call    load_data_segments
        push    USER_DATA
        push    ecx
        push    2                               /* flags: nothing but the bit that is always set */
        push    USER_CODE
        push    edx
        iretd

/* The data segments of both rings are the same but for the ring, so that the program's can stay. */
system_call:
        push    esi
        push    eax
        call    dispatch
        add     esp, 8
        iretd

leave_user:
        mov     esp, [task + 4]
        mov     eax, KERNEL_DATA
        call    load_data_segments
        pop     edi
        pop     esi
        pop     ebp
        pop     ebx
        ret

        .data
        .balign 8
gdt:    .quad   0
        .quad   0x00cf9a000000ffff              /* code: present, ring 0, 4 GiB */
        .quad   0x00cf92000000ffff              /* data: present, ring 0, writable, 4 GiB */
        .quad   0x00cff2000000ffff              /* data: present, ring 3, writable, 4 GiB */
        .quad   0x00cffa000000ffff              /* code: present, ring 3, 4 GiB */
        .quad   0x0000890000000067              /* task state of 104 bytes: present, available */
gdt_pointer:
        .word   gdt_pointer - gdt - 1
        .long   gdt
idt_pointer:
        .word   (VECTOR + 1) * 8 - 1
        .long   idt

        .bss
        .balign 8
idt:    .skip   (VECTOR + 1) * 8
task:   .skip   104
#endif
        .section .note.GNU-stack, "", @progbits
