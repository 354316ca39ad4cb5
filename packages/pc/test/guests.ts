/**
 * Boot sectors of a few instructions, as bytes with their meaning beside them. The firmware enters them at 0000:7C00 in
 * real mode, interrupts on.
 */
const SOURCES = {
  // Counts 19 timer interrupts, says T for each.
  timer: `
    fa                ; cli
    31 c0             ; xor ax, ax
    8e d8             ; mov ds, ax
    8e d0             ; mov ss, ax
    bc 00 7c          ; mov sp, 0x7c00
    c7 06 20 00 22 7c ; mov word [8*4], handler
    a3 22 00          ; mov word [8*4+2], ax
    31 c9             ; xor cx, cx
    fb                ; sti
    ; next:
    f4                ; hlt
    83 f9 13          ; cmp cx, 19
    72 fa             ; jb next
    b0 10             ; mov al, 0x10
    e6 f4             ; out 0xf4, al
    fa                ; cli
    f4                ; hlt
    ; handler:
    41                ; inc cx
    b0 54             ; mov al, 'T'
    ba f8 03          ; mov dx, 0x3f8
    ee                ; out dx, al
    b0 20             ; mov al, 0x20
    e6 20             ; out 0x20, al
    cf                ; iret
  `,
  // Sends every byte of the keyboard on to COM1.
  keyboard: `
    fa                ; cli
    31 c0             ; xor ax, ax
    8e d8             ; mov ds, ax
    8e d0             ; mov ss, ax
    bc 00 7c          ; mov sp, 0x7c00
    c7 06 24 00 17 7c ; mov word [9*4], handler
    a3 26 00          ; mov word [9*4+2], ax
    fb                ; sti
    ; next:
    f4                ; hlt
    eb fd             ; jmp next
    ; handler:
    e4 60             ; in al, 0x60
    ba f8 03          ; mov dx, 0x3f8
    ee                ; out dx, al
    b0 20             ; mov al, 0x20
    e6 20             ; out 0x20, al
    cf                ; iret
  `,
  // Asks INT 16h for a key, says which on COM1, and computes for 0.6 ms without looking for the next.
  asking: `
    ; next:
    b4 00             ; mov ah, 0
    cd 16             ; int 0x16
    ba f8 03          ; mov dx, 0x3f8
    ee                ; out dx, al
    66 b9 e0 93 04 00 ; mov ecx, 300000
    ; work:
    66 49             ; dec ecx
    75 fc             ; jnz work
    eb ec             ; jmp next
  `,
  // Holds IRQ 1 back, polls the keyboard controller and sends every byte on to COM1.
  polling: `
    b0 02             ; mov al, 2
    e6 21             ; out 0x21, al
    ba f8 03          ; mov dx, 0x3f8
    ; next:
    e4 64             ; in al, 0x64
    a8 01             ; test al, 1
    74 fa             ; jz next
    e4 60             ; in al, 0x60
    ee                ; out dx, al
    eb f5             ; jmp next
  `,
  // Sends every byte of the keyboard on to COM1, and never halts.
  spinning: `
    fa                ; cli
    31 c0             ; xor ax, ax
    8e d8             ; mov ds, ax
    c7 06 24 00 14 7c ; mov word [9*4], handler
    a3 26 00          ; mov [9*4+2], ax
    ba f8 03          ; mov dx, 0x3f8
    fb                ; sti
    ; next:
    eb fe             ; jmp next
    ; handler:
    e4 60             ; in al, 0x60
    ee                ; out dx, al
    b0 20             ; mov al, 0x20
    e6 20             ; out 0x20, al
    cf                ; iret
  `,
  // Sends every byte of COM1 back, plus one.
  serial: `
    fa                ; cli
    31 c0             ; xor ax, ax
    8e d8             ; mov ds, ax
    8e d0             ; mov ss, ax
    bc 00 7c          ; mov sp, 0x7c00
    c7 06 30 00 29 7c ; mov word [12*4], handler
    a3 32 00          ; mov word [12*4+2], ax
    ba f9 03          ; mov dx, 0x3f9
    b0 01             ; mov al, 1
    ee                ; out dx, al
    ba fc 03          ; mov dx, 0x3fc
    b0 0b             ; mov al, 0x0b
    ee                ; out dx, al
    e4 21             ; in al, 0x21
    24 ef             ; and al, 0xef
    e6 21             ; out 0x21, al
    fb                ; sti
    ; next:
    f4                ; hlt
    eb fd             ; jmp next
    ; handler:
    ba f8 03          ; mov dx, 0x3f8
    ec                ; in al, dx
    40                ; inc ax
    ee                ; out dx, al
    b0 20             ; mov al, 0x20
    e6 20             ; out 0x20, al
    cf                ; iret
  `,
  // Closes the gate at the keyboard controller, then tells three times what is at 500h or 100500h.
  a20: `
    31 c0             ; xor ax, ax
    8e d8             ; mov ds, ax
    48                ; dec ax
    8e c0             ; mov es, ax
    ba f8 03          ; mov dx, 0x3f8
    c6 06 00 05 4c    ; mov byte [0x500], 'L'
    b0 d1             ; mov al, 0xd1
    e6 64             ; out 0x64, al
    b0 dd             ; mov al, 0xdd
    e6 60             ; out 0x60, al
    b0 02             ; mov al, 2
    e6 92             ; out 0x92, al
    26 c6 06 10 05 48 ; mov byte [es:0x510], 'H'
    a0 00 05          ; mov al, [0x500]
    ee                ; out dx, al
    b0 00             ; mov al, 0
    e6 92             ; out 0x92, al
    26 a0 10 05       ; mov al, [es:0x510]
    ee                ; out dx, al
    b0 02             ; mov al, 2
    e6 92             ; out 0x92, al
    26 a0 10 05       ; mov al, [es:0x510]
    ee                ; out dx, al
    b0 10             ; mov al, 0x10
    e6 f4             ; out 0xf4, al
  `,
  // Reads and writes a port and an address that nobody has.
  nowhere: `
    ba 34 12          ; mov dx, 0x1234
    ed                ; in ax, dx
    ee                ; out dx, al
    bb ff ff          ; mov bx, 0xffff
    8e c3             ; mov es, bx
    26 8b 1e 10 00    ; mov bx, [es:0x10]
    26 a2 10 00       ; mov [es:0x10], al
    b0 10             ; mov al, 0x10
    e6 f4             ; out 0xf4, al
  `,
  // Says B and resets the machine.
  reboot: `
    31 c0             ; xor ax, ax
    8e d8             ; mov ds, ax
    ba f8 03          ; mov dx, 0x3f8
    b0 42             ; mov al, 'B'
    ee                ; out dx, al
    ba f9 0c          ; mov dx, 0xcf9
    b0 06             ; mov al, 6
    ee                ; out dx, al
    fa                ; cli
    f4                ; hlt
  `,
  // Fills and copies memory under a timer of 52 kHz, and reads the timer.
  busy: `
    fa                ; cli
    31 c0             ; xor ax, ax
    8e d8             ; mov ds, ax
    8e d0             ; mov ss, ax
    bc 00 7c          ; mov sp, 0x7c00
    c7 06 20 00 40 7c ; mov word [8*4], handler
    a3 22 00          ; mov word [8*4+2], ax
    b0 34             ; mov al, 0x34
    e6 43             ; out 0x43, al
    b0 17             ; mov al, 23
    e6 40             ; out 0x40, al
    30 c0             ; xor al, al
    e6 40             ; out 0x40, al
    fb                ; sti
    ; again:
    bf 00 80          ; mov di, 0x8000
    b9 00 10          ; mov cx, 0x1000
    ; fill:
    01 f8             ; add ax, di
    c1 c0 03          ; rol ax, 3
    89 05             ; mov [di], ax
    47                ; inc di
    e2 f6             ; loop fill
    be 00 80          ; mov si, 0x8000
    bf 00 90          ; mov di, 0x9000
    b9 00 01          ; mov cx, 0x100
    f3 a4             ; rep movsb
    e4 40             ; in al, 0x40
    f4                ; hlt
    eb e0             ; jmp again
    ; handler:
    50                ; push ax
    ff 06 00 06       ; inc word [0x600]
    11 06 02 06       ; adc [0x602], ax
    b0 20             ; mov al, 0x20
    e6 20             ; out 0x20, al
    58                ; pop ax
    cf                ; iret
  `,
} as const;

/** Boot sectors by name. */
export type GuestName = keyof typeof SOURCES;

/** A floppy of 16 sectors whose first is the boot sector. */
export function guestDisk(name: GuestName): Uint8Array {
  const hex = SOURCES[name].split('\n').map((line) => line.replace(/;.*/, ''));
  const image = new Uint8Array(16 * 512);
  image.set(
    hex
      .join(' ')
      .trim()
      .split(/\s+/)
      .map((byte) => Number.parseInt(byte, 16)),
  );
  image.set([0x55, 0xaa], 510);
  return image;
}
