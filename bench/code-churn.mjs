// @ts-check
// A guest that writes new code and runs it, again and again: whether compiled code is given back. Prints the memory of
// this process as the guest goes on. Argument: how many pieces of code (50000 unless told).
import process from 'node:process';
import { loadImage } from '@longmode/pc';
import { describeHost, hostFacts, markdownTable } from './host.mjs';

const PIECES = Number(process.argv[2] ?? 50_000);
const RUNS = 10_000;
const ROWS = 10;
const MIB = 2 ** 20;

/** A flat Multiboot kernel: piece i, in page i from 2 MiB on, adds i to EBP `RUNS` times. */
function guest() {
  const base = 0x100000;
  const file = new Uint8Array(256);
  const header = new DataView(file.buffer);
  const flags = 0x10000;
  [0x1badb002, flags, -(0x1badb002 + flags), base, base, base + 256, base + 256, base + 32].forEach((word, index) => {
    header.setUint32(4 * index, word >>> 0, true);
  });
  const dword = (/** @type {number} */ value) => [value, value >>> 8, value >>> 16, value >>> 24].map((b) => b & 0xff);
  const body = [
    ...[0x89, 0xdf, 0xc1, 0xe7, 12], //                        next: mov edi, ebx; shl edi, 12
    ...[0x81, 0xc7, ...dword(2 * MIB)], //                     add edi, 2 MiB
    ...[0x66, 0xc7, 0x07, 0x81, 0xc5, 0x89, 0x5f, 0x02], //    [edi] = add ebp, ebx's value
    ...[0xc7, 0x47, 0x06, 0x49, 0x75, 0xf7, 0xc3], //          [edi + 6] = dec ecx; jnz to the add; ret
    ...[0xb9, ...dword(RUNS), 0xff, 0xd7, 0x43], //            mov ecx, RUNS; call edi; inc ebx
    ...[0x81, 0xfb, ...dword(PIECES)], //                      cmp ebx, PIECES
  ];
  const back = [0x75, 0x100 - (body.length + 2)]; //           jnz next
  const end = [0xb0, 0x10, 0xe6, 0xf4]; //                     mov al, 10h; out 0F4h, al
  file.set([0x31, 0xdb, 0x31, 0xed, ...body, ...back, ...end], 32);
  return file;
}

const facts = hostFacts();
const { pc } = loadImage(guest(), { ramSizeBytes: (PIECES * 4096 + 4 * MIB + 0xfff) & ~0xfff }, { engine: 'jit' });
/** @param {number} bytes */
const mib = (bytes) => (bytes / MIB).toFixed(0);
const rows = [['instructions', 'compiled', 'live', 'dropped', 'resident MiB', 'without guest RAM']];
const perRow = Math.ceil((PIECES * RUNS * 3) / ROWS);
for (let isOver = false; !isOver; ) {
  isOver = pc.run({ instructions: perRow }).kind !== 'limit';
  const { compiled = 0, live = 0, dropped = 0 } = pc.cpu.jitStatistics ?? {};
  const resident = process.memoryUsage().rss;
  const touched = Number(pc.cpu.state.gpr(3)) * 4096;
  rows.push([
    String(pc.cpu.instructionCount),
    ...[compiled, live, dropped].map(String),
    mib(resident),
    mib(resident - touched),
  ]);
}
const sum = Number(pc.cpu.state.gpr(5));
const expected = Number(((BigInt(RUNS) * BigInt(PIECES) * BigInt(PIECES - 1)) / 2n) % 2n ** 32n);
console.log(`${describeHost(facts)}\n\n${markdownTable(rows, 0)}\n`);
console.log(sum === expected ? `result right: 0x${sum.toString(16)}` : `result wrong: ${sum}, not ${expected}`);
process.exitCode = sum === expected ? 0 : 1;
