/** Boot sectors of a few instructions, as bytes with their meaning beside them. */

function sector(...parts: readonly (readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(512);
  bytes.set(parts.flat());
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}

const text = (value: string): number[] => [...new TextEncoder().encode(value)];

/** Writes every key that is pressed to the screen; the scan code of those that are no characters, as a letter from `a` on. */
// biome-ignore format: a listing
export const ECHO: Uint8Array = sector(
  [0x31, 0xc0],             // xor ax, ax
  [0x8e, 0xd0],             // mov ss, ax
  [0xbc, 0x00, 0x7c],       // mov sp, 0x7c00
  // next:
  [0xb4, 0x00],             // mov ah, 0
  [0xcd, 0x16],             // int 0x16
  [0x84, 0xc0],             // test al, al
  [0x75, 0x04],             // jnz print
  [0x88, 0xe0],             // mov al, ah
  [0x04, 0x19],             // add al, 'a' - 0x48
  // print:
  [0xb4, 0x0e],             // mov ah, 0x0e
  [0xbb, 0x07, 0x00],       // mov bx, 7
  [0xcd, 0x10],             // int 0x10
  [0xeb, 0xeb],             // jmp next
);

/** Writes "Hello World!" in yellow on blue to the top left, puts the cursor behind it, says `serial` on COM1, and waits. */
// biome-ignore format: a listing
export const HELLO: Uint8Array = sector(
  [0x31, 0xc0],             // xor ax, ax
  [0x8e, 0xd8],             // mov ds, ax
  [0xb8, 0x00, 0xb8],       // mov ax, 0xb800
  [0x8e, 0xc0],             // mov es, ax
  [0x31, 0xff],             // xor di, di
  [0xbe, 0x3c, 0x7c],       // mov si, 0x7c3c
  [0xb4, 0x1e],             // mov ah, 0x1e
  // next:
  [0xac],                   // lodsb
  [0x84, 0xc0],             // test al, al
  [0x74, 0x03],             // jz +3
  [0xab],                   // stosw
  [0xeb, 0xf8],             // jmp next
  [0xb4, 0x02],             // mov ah, 2
  [0x31, 0xdb],             // xor bx, bx
  [0xba, 0x0d, 0x00],       // mov dx, 13
  [0xcd, 0x10],             // int 0x10
  [0xba, 0xf8, 0x03],       // mov dx, 0x3f8
  // next:
  [0xac],                   // lodsb
  [0x84, 0xc0],             // test al, al
  [0x74, 0x03],             // jz +3
  [0xee],                   // out dx, al
  [0xeb, 0xf8],             // jmp next
  // wait:
  [0xf4],                   // hlt
  [0xeb, 0xfd],             // jmp wait
  new Array<number>(13).fill(0x90),
  text('Hello World!\0serial\r\n\0'),
);

/**
 * For ever: fills 127 sectors with a number that counts up, writes them behind itself by INT 13h AH=43h, and says `.` on
 * COM1, or `!` where that fails.
 */
// biome-ignore format: a listing
export const WRITER: Uint8Array = sector(
  [0x31, 0xc0],             // xor ax, ax
  [0x8e, 0xd8],             // mov ds, ax
  [0x8e, 0xd0],             // mov ss, ax
  [0xbc, 0x00, 0x7c],       // mov sp, 0x7c00
  [0x66, 0x31, 0xdb],       // xor ebx, ebx
  // next:
  [0x66, 0x43],             // inc ebx
  [0xb8, 0x00, 0x10],       // mov ax, 0x1000
  [0x8e, 0xc0],             // mov es, ax
  [0x31, 0xff],             // xor di, di
  [0x66, 0x89, 0xd8],       // mov eax, ebx
  [0xb9, 0x80, 0x3f],       // mov cx, 127 * 128
  [0xfc],                   // cld
  [0xf3, 0x66, 0xab],       // rep stosd
  [0xbe, 0x38, 0x7c],       // mov si, packet
  [0xb2, 0x80],             // mov dl, 0x80
  [0xb8, 0x00, 0x43],       // mov ax, 0x4300
  [0xcd, 0x13],             // int 0x13
  [0xb0, 0x2e],             // mov al, '.'
  [0x73, 0x02],             // jnc say
  [0xb0, 0x21],             // mov al, '!'
  // say:
  [0xba, 0xf8, 0x03],       // mov dx, 0x3f8
  [0xee],                   // out dx, al
  [0xeb, 0xd7],             // jmp next
  [0x90, 0x90, 0x90],
  // packet: 127 sectors from 1000:0000 to block 1
  [0x10, 0x00, 0x7f, 0x00, 0x00, 0x00, 0x00, 0x10, 1, 0, 0, 0, 0, 0, 0, 0],
);
