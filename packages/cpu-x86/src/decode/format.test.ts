import { describe, expect, it } from 'vitest';
import { decode } from './decode.ts';
import { type FormatOptions, formatInstruction } from './format.ts';
import type { CodeSize } from './instruction.ts';

function format(hex: string, codeSize: CodeSize = 64, options?: FormatOptions): string {
  const bytes = Uint8Array.from(hex.split(' ').map((byte) => Number.parseInt(byte, 16)));
  const result = decode(bytes, 0, bytes.length, codeSize);
  if (result.kind !== 'instruction') throw new Error(hex);
  return formatInstruction(result, options);
}

describe('formatInstruction', () => {
  it.each([
    // operands
    ['48 89 e5', 64, 'mov rbp, rsp'],
    ['c7 43 10 05 00 00 00', 64, 'mov dword ptr [rbx+0x10], 0x5'],
    ['48 8b 5c 88 f0', 64, 'mov rbx, qword ptr [rax+rcx*4-0x10]'],
    ['8b 04 4d 00 00 00 00', 64, 'mov eax, dword ptr [rcx*2]'],
    ['8b 42 80', 16, 'mov ax, word ptr [bp+si-0x80]'],
    ['67 8b 00', 64, 'mov eax, dword ptr [eax]'],
    ['45 88 f9', 64, 'mov r9b, r15b'],
    ['66 45 01 c8', 64, 'add r8w, r9w'],
    ['40 88 f4', 64, 'mov spl, sil'],
    ['88 f4', 64, 'mov ah, dh'],
    ['83 c0 ff', 64, 'add eax, 0xffffffff'],
    ['6a ff', 64, 'push 0xffffffffffffffff'],
    ['49 bf 08 07 06 05 04 03 02 01', 64, 'mov r15, 0x102030405060708'],
    ['8e d8', 64, 'mov ds, ax'],
    ['44 0f 20 c0', 64, 'mov rax, cr8'],
    ['0f 23 f8', 32, 'mov dr7, eax'],
    ['d8 c1', 64, 'fadd st(0), st(1)'],
    ['0f 6f c1', 64, 'movq mm0, mm1'],
    ['66 44 0f ef ff', 64, 'pxor xmm15, xmm7'],
    // sizes
    ['8d 04 08', 64, 'lea eax, [rax+rcx]'],
    ['0f 01 10', 64, 'lgdt tbyte ptr [rax]'],
    ['0f 01 16 00 7c', 16, 'lgdt fword ptr [0x7c00]'],
    ['0f 01 38', 64, 'invlpg [rax]'],
    ['66 0f 1f 44 00 00', 64, 'nop word ptr [rax+rax]'],
    ['0f 18 08', 64, 'prefetcht0 [rax]'],
    ['0f ae 00', 64, 'fxsave [rax]'],
    ['48 0f c7 08', 64, 'cmpxchg16b xmmword ptr [rax]'],
    ['ff 28', 32, 'jmp far fword ptr [eax]'],
    // absolute addresses
    ['a1 fe ff ff ff', 32, 'mov eax, dword ptr [0xfffffffe]'],
    ['a1 fe ff', 16, 'mov ax, word ptr [0xfffe]'],
    ['48 a1 ff ff ff ff ff ff ff ff', 64, 'mov rax, qword ptr [0xffffffffffffffff]'],
    ['8b 05 fc ff ff ff', 64, 'mov eax, dword ptr [rip-0x4]'],
    ['67 8b 05 04 00 00 00', 64, 'mov eax, dword ptr [eip+0x4]'],
    // segments
    ['64 48 8b 04 25 28 00 00 00', 64, 'mov rax, qword ptr fs:[0x28]'],
    ['36 8b 45 00', 32, 'mov eax, dword ptr [ebp]'],
    ['3e 8b 45 00', 32, 'mov eax, dword ptr ds:[ebp]'],
    ['3e 8b 45 00', 64, 'mov eax, dword ptr [rbp]'],
    ['36 8b 00', 32, 'mov eax, dword ptr ss:[eax]'],
    // prefixes
    ['f0 48 0f b1 0f', 64, 'lock cmpxchg qword ptr [rdi], rcx'],
    ['f3 48 a5', 64, 'rep movsq qword ptr es:[rdi], qword ptr [rsi]'],
    ['f2 aa', 64, 'rep stosb byte ptr es:[rdi], al'],
    ['f3 a6', 32, 'repe cmpsb byte ptr [esi], byte ptr es:[edi]'],
    ['f2 ae', 32, 'repne scasb al, byte ptr es:[edi]'],
    ['f3 6d', 16, 'rep insw word ptr es:[di], dx'],
    ['65 67 ac', 64, 'lodsb al, byte ptr gs:[esi]'],
    ['2e d7', 32, 'xlatb byte ptr cs:[ebx]'],
    ['f3 0f bc c1', 64, 'bsf eax, ecx'],
    ['f3 c3', 64, 'ret'],
    // branches without an address
    ['eb fe', 64, 'jmp $+0x0'],
    ['75 f0', 64, 'jne $-0xe'],
    ['ea 34 12 00 f0', 16, 'jmp 0xf000:0x1234'],
  ] as const)('prints %s in %i-bit code as %s', (hex, codeSize, text) => {
    expect(format(hex, codeSize)).toBe(text);
  });

  const symbol = (address: bigint): string | undefined => (address === 0x401020n ? 'main' : undefined);
  it.each([
    ['e8 1b 00 00 00', 64, 0x401000n, 'call 0x401020 <main>'],
    ['e8 1a 00 00 00', 64, 0x401000n, 'call 0x40101f'],
    ['eb fe', 16, 0x7c00n, 'jmp 0x7c00'],
    ['e9 00 80', 16, 0xfffen, 'jmp 0x8001'],
    ['eb f0', 32, 0n, 'jmp 0xfffffff2'],
    ['eb f0', 64, 0n, 'jmp 0xfffffffffffffff2'],
    ['48 8d 05 19 00 00 00', 64, 0x401000n, 'lea rax, [rip+0x19] ; 0x401020 <main>'],
    ['48 8d 05 00 00 00 00', 64, 0x401000n, 'lea rax, [rip] ; 0x401007'],
    ['8b 04 25 20 10 40 00', 64, 0n, 'mov eax, dword ptr [0x401020] ; <main>'],
    ['8b 80 20 10 40 00', 64, 0n, 'mov eax, dword ptr [rax+0x401020]'],
  ] as const)('resolves %s in %i-bit code at %i', (hex, codeSize, ip, text) => {
    expect(format(hex, codeSize, { ip, symbol })).toBe(text);
  });

  it('does not ask for symbols of relative addresses when it does not know where the instruction is', () => {
    expect(format('e8 1b 00 00 00', 64, { symbol: () => 'anything' })).toBe('call $+0x20');
  });
});
