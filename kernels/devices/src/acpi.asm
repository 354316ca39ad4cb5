; Finds the tables of ACPI and SMBIOS as an operating system does, says on COM1 what is in them, and turns the machine off by
; the value that the DSDT has for S5. Boots from a floppy.
;
; ACPI Specification, "Finding the RSDP on IA-PC Systems", "Fixed ACPI Description Table", "PM1 Control Registers"; the DSDT is
; searched for `Name (_S5_, Package …)` in the encoding of AML, not interpreted.

%define VOLUME 'ACPI GUEST '
SERIAL_NUMBER equ 0x1ac91000
STAGE_SECTORS equ 3
%include "devices/src/guest.inc"

hex16:  xchg al, ah
        call hex8
        xchg al, ah
        jmp hex8

%macro line 1
        say {%1, 10}
%endmacro

fail:   line 'FAILED'
        mov al, 0x11
        out EXIT, al
        cli
        hlt

%include "devices/src/flat.inc"

; ESI: ECX bytes there must sum up to 0
check:  push esi
        push ecx
        xor al, al
.next:  add al, [fs:esi]
        inc esi
        dec ecx
        jnz .next
        pop ecx
        pop esi
        test al, al
        jnz fail
        ret

table:  mov ecx, [fs:esi + 4]   ; ESI: a table with a header
        jmp check

main:   call flat
        mov esi, 0xe0000
.root:  cmp dword [fs:esi], 'RSD '
        jne .other
        cmp dword [fs:esi + 4], 'PTR '
        je .found
.other: add esi, 16
        cmp esi, 0x100000
        jb .root
        jmp fail
.found: mov ecx, 20
        call check
        line 'root pointer'

        mov esi, [fs:esi + 16]
        mov [rsdt], esi
        call table
        mov edi, esi
        add edi, ecx
        add esi, 36
.entry: cmp esi, edi
        jae .listed
        mov ebx, [fs:esi]
        cmp dword [fs:ebx], 'FACP'
        jne .not_fadt
        mov [fadt], ebx
.not_fadt:
        cmp dword [fs:ebx], 'APIC'
        jne .not_madt
        mov [madt], ebx
.not_madt:
        add esi, 4
        jmp .entry
.listed:

; the memory of the root table must not be called usable
        xor ebx, ebx
.range: mov eax, 0xe820
        mov edx, 'PAMS'
        mov ecx, 20
        mov di, range
        int 0x15
        jc .no_range
        cmp dword [range + 16], 1
        jne .next_range
        mov eax, [rsdt]
        sub eax, [range]
        jb .next_range
        cmp eax, [range + 8]
        jb fail
.next_range:
        test ebx, ebx
        jnz .range
.no_range:
        line 'root table outside of usable memory'

        mov esi, [fadt]
        call table
        say 'FADT: SCI'
        mov ax, [fs:esi + 46]
        call hex16
        say ', control'
        mov ax, [fs:esi + 64]
        call hex16
        say ', timer'
        mov ax, [fs:esi + 76]
        call hex16
        line ''

        mov esi, [madt]
        call table
        say 'MADT: two 8259A'
        mov al, [fs:esi + 40]
        and al, 1
        call hex8
        say ', processors'
        mov edi, esi
        add edi, ecx
        add esi, 44
        xor cl, cl
.structure:
        cmp esi, edi
        jae .counted
        cmp byte [fs:esi], 0
        jne .no_processor
        test byte [fs:esi + 4], 1
        jz .no_processor
        inc cl
.no_processor:
        movzx eax, byte [fs:esi + 1]
        add esi, eax
        jmp .structure
.counted:
        mov al, cl
        call hex8
        line ''

        mov esi, 0xf0000
.anchor: cmp dword [fs:esi], '_SM_'
        je .smbios
        add esi, 16
        cmp esi, 0x100000
        jb .anchor
        jmp fail
.smbios: movzx ecx, byte [fs:esi + 5]
        call check
        mov edi, [fs:esi + 0x18]
        movzx cx, byte [fs:edi + 1]
        test cx, cx             ; a structure has a length
        jz fail
        say 'SMBIOS'
        line ''

; ACPI mode, if it has to be asked for
        mov edi, [fadt]
        mov dx, [fs:edi + 64]
        in ax, dx
        test al, 1
        jnz .enabled
        mov al, [fs:edi + 52]
        push dx
        mov dx, [fs:edi + 48]
        out dx, al
        pop dx
.enable: in ax, dx
        test al, 1
        jz .enable
.enabled:
        line 'ACPI mode'

; 18 ticks of the BIOS are about 3539000 cycles of the timer: 0x36 times 65536
        mov dx, [fs:edi + 76]
        mov bp, [0x46c]
.edge:  hlt
        cmp bp, [0x46c]
        je .edge
        in eax, dx
        mov ecx, eax
        mov bp, [0x46c]
        add bp, 18
.tick:  hlt
        cmp bp, [0x46c]
        jne .tick
        in eax, dx
        sub eax, ecx
        and eax, 0xffffff
        shr eax, 16
        sub al, 0x35
        cmp al, 3
        ja fail
        line 'timer at 3.58 MHz'

        mov esi, [fs:edi + 40]
        call table
        mov ebx, esi
        add ebx, ecx
.search: cmp dword [fs:esi], '_S5_'
        je .s5
        inc esi
        cmp esi, ebx
        jb .search
        jmp fail
.s5:    cmp byte [fs:esi + 4], 0x12
        jne fail
        add esi, 7              ; name, package, length of one byte, count
        mov al, [fs:esi]
        cmp al, 0x0a
        jne .short
        mov al, [fs:esi + 1]
.short: say 'S5 type'
        call hex8
        line ''
        movzx cx, al
        shl cx, 10
        or cx, 0x2000
        line 'off'
        mov dx, [fs:edi + 64]
        mov ax, cx
        out dx, ax
        mov cx, 18              ; an emulator may take its time to turn itself off
.off:   hlt
        loop .off
        jmp fail

rsdt:   dd 0
fadt:   dd 0
madt:   dd 0
range:  times 20 db 0

        times (STAGE_SECTORS + 1) * 512 - ($ - $$) db 0
