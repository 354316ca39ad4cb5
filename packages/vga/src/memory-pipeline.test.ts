import { describe, expect, it } from 'vitest';
import {
  MODE_3_REGISTERS,
  MODE_12_REGISTERS,
  MODE_13_REGISTERS,
  type ModeRegisters,
  programMode,
  Vga,
  type VgaState,
} from './index.ts';

type TraceKind = 'planar' | 'text' | 'chain 4';

/** Sequencer Memory Mode, Map Mask, Graphics Mode and Graphics Miscellaneous of each kind of trace. */
const SETUP: Record<TraceKind, readonly [number, number, number, number]> = {
  planar: [0x06, 0x0f, 0x00, 0x05],
  text: [0x02, 0x03, 0x10, 0x0e],
  'chain 4': [0x0e, 0x0f, 0x40, 0x05],
};

/**
 * A random trace of accesses to eight bytes of video memory, with changes of every register of the pipeline between them,
 * as commands of QEMU's test protocol.
 */
function trace(kind: TraceKind, count: number): string[] {
  let state = 1;
  const below = (n: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const lines = ['outb 962 99'];
  const set = (port: number, index: number, value: number): void => {
    lines.push(`outb ${port} ${index}`, `outb ${port + 1} ${value}`);
  };
  const [memoryMode, mapMask, mode, miscellaneous] = SETUP[kind];
  set(0x3c4, 2, mapMask);
  set(0x3c4, 4, memoryMode);
  [0, 0, 0, 0, 0, mode, miscellaneous, 0x0f, 0xff].forEach((value, index) => {
    set(0x3ce, index, value);
  });
  const base = kind === 'text' ? 0xb8000 : 0xa0000;
  for (let i = 0; i < 8; i++) lines.push(`writeb ${base + i} 0`);
  const randomValue = (register: number): number => {
    if (register === 5) return below(4) | (below(2) << 3);
    return below(register === 3 ? 32 : register === 4 ? 4 : register === 8 ? 256 : 16);
  };
  for (let i = 0; i < count; i++) {
    const address = base + below(8);
    const what = below(8);
    if (what < 3) lines.push(`writeb ${address} ${below(256)}`);
    else if (what < 6) lines.push(`readb ${address}`);
    else if (kind === 'planar') {
      const register = below(9); // 6 stands for the map mask
      if (register === 6) set(0x3c4, 2, below(16));
      else set(0x3ce, register, randomValue(register));
    }
  }
  return lines;
}

/**
 * What QEMU 7.2 (`-machine pc -vga std`, driven through `-qtest`, no firmware) answered to the `readb` commands of each
 * trace, one after the other in one machine.
 */
const RECORDED: readonly (readonly [TraceKind, number, string])[] = [
  [
    'planar',
    3000,
    `
0000005e551a812104817e1a217e2500d47e25d47000267e0b260026000000746e00000b00000b78000b6e0b6effffff20000b6e0b6e33
6e330b6478631a6e331a000b6e1a1a00336e0b3352005200521a1a1ac07e1a1a001a04001ac0001a1a1a1a635263000000000000000000
640b0b0b6e000078006e000b00e5e50b00780000000000000004c01a041a1a000000000000000000000000000000000000000000020200
0000000000020000000002010000006363636300000092e0009080906f6b71757155d5d571fe0404901096000000000000470000004790
009000000000ffffffffffffb8b8ffffff6fb8ffffffff0001439300000092929292920400920000000400929292920000040000000000
96fefefefefefefefe2424fefe24fefe242496dede210c0cdede04dede0c0c040404960404de96de969604de04040421fb21212121f3f3
2121fbf3f3f3f3f3f3f3f3f30c0c0c0c0c0c0c04040c0c0c0c0c0c0c0c0c0c040c040c04040c0c0c0c040c0c0c0c0c0c0c0c0c0c0c0c0c
0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0cda00dada000000000000da0025ff2525ff25ffffffffffffff0c0c0c0c
0c0c0c0c46c646c64646c6c646c6dfc6c64606df4606c6c6dfdfdfc6dfc646f939203939b90c0c0c0c0c0c0c0c0c0c0c0c0c8383838fc7
ef838f838fef838fc7cf8f8baffefe17173017e8e8cdc5afc5cfcfcfc7c7cdc7c5e898edc7a8ed0cb9b9a80cb9c748eda54848ede6e648
00212121210121008808082989d8080808d80ca8989898c70202670466252121652525254766460263479898eded000042420000256767
25256776676725a06767a8484848cf4848484848489010dd1097975d90dd9d975eadadff5effad5eff5ead5eadada0e0a05e5ea0adad13
13131313ad131313a01345b2b7ff92fffe92f200016d6d6d6d486d0100006d0000000d0044000008000000290009000901010000000001
00000001010000000901a4eca582ece0a082a4a0ecec00000000004c000000000000000000000000000000000000000000000000000000
0000000000000000000000000000000000125b131312131b1313ffffffffffffffffffffffff90f0eded0505eeedeeeeeeedeeedeeeded
0501f8000000f80088f7f7f7c00007ff0707f7f717f7fffff7f7f70712120200001212120200000200100000101000000202020202fdfd
fdfd020212021202020212ededededededededededededfdedededede4ede4e4edede4e4e4e4e4efe4e4edfd1212020202020212021212
12120212121212020212edfdedfdfdfdedfdfdfdededf0b0bafaedfdfdedfdfdfaf0b0fab0fafaa4ececace4a4e4e40000000000000000
0000000000115109015252525a121252525a10010152f0fab0fafab0f0fafafafafafab0f0fab0fab0fafafafafafaeeace4eeacfaed5a
a5a51a5a5a5a5a5a5a5a5a5a5a0000000000fab0faeceee4eceea4a4eeeea4e4a4eeacacaceeacaca40808004a00000008084a08000000
0000000050505050005253505353505240534040a3
`,
  ],
  [
    'text',
    400,
    `
0000005e551a8121048104c0d4c07e1affd47e05001a7efcfcd4008f00377eae377eae900037d8d800529700d8aed89aae9097ae9aae9a
8dafaf7db7afbd3faf603f606fc06fef6fefbdc06bdcf8a66cb4a6b6a6dca66cdcb6b4dccca6a64ba6a620a66769bf7c4f7c962a27672a
020802080b9f3b9fb7b77979797edb08111108c982d4d4468296b17e96111b96cb116311cb1a45
`,
  ],
  [
    'chain 4',
    400,
    `
0000005e551a8121048104c0d4c07e1affd47e05001a7efcfcd4008f00377eae377eae900037d8d800529700d8aed89aae9097ae9aae9a
8dafaf7db7afbd3faf603f606fc06fef6fefbdc06bdcf8a66cb4a6b6a6dca66cdcb6b4dccca6a64ba6a620a66769bf7c4f7c962a27672a
020802080b9f3b9fb7b77979797edb08111108c982d4d4468296b17e96111b96cb116311cb1a45
`,
  ],
];

function replay(lines: readonly string[]): string {
  const vga = new Vga({ clock: { now: 0 }, videoMemory: new Uint8Array(0x40000) });
  const bytes: number[] = [];
  for (const line of lines) {
    const [command, at, value] = line.split(' ');
    if (command === 'outb') vga.writePort(Number(at) - 0x3b0, 8, Number(value));
    else if (command === 'writeb') vga.writeMemory(Number(at) - 0xa0000, 8, Number(value));
    else bytes.push(vga.readMemory(Number(at) - 0xa0000, 8));
  }
  return Buffer.from(bytes).toString('hex');
}

describe('the memory pipeline', () => {
  it.each(RECORDED)('does what was recorded: %s', (kind, count, recorded) => {
    expect(replay(trace(kind, count))).toBe(recorded.replaceAll('\n', ''));
  });
});

function vgaIn(mode: ModeRegisters): Vga {
  const vga = new Vga({ clock: { now: 0 }, videoMemory: new Uint8Array(0x40000) });
  programMode(vga, mode);
  return vga;
}

const graphics = (vga: Vga, index: number, value: number): void => vga.writePort(0x1e, 16, index | (value << 8));
const sequencer = (vga: Vga, index: number, value: number): void => vga.writePort(0x14, 16, index | (value << 8));

/** The four planes byte by byte, out of a snapshot. */
function planesOf({ videoMemory }: VgaState): Uint8Array {
  const planes = new Uint8Array(0x40000);
  for (const { offset, bytes } of videoMemory) planes.set(bytes, offset);
  return planes;
}

/** The non-zero bytes of a plane, as `offset: byte`. */
function plane(vga: Vga, number: number): string[] {
  const videoMemory = planesOf(vga.snapshot());
  const found: string[] = [];
  for (let offset = 0; offset < 0x10000; offset++) {
    const byte = videoMemory[4 * offset + number] ?? 0;
    if (byte !== 0) found.push(`${offset.toString(16)}: ${byte.toString(16)}`);
  }
  return found;
}

describe('the memory window', () => {
  it.each([
    [0, [0x00000, 0x0ffff, 0x10000, 0x17fff, 0x18000, 0x1ffff]],
    [1, [0x00000, 0x0ffff]],
    [2, [0x10000, 0x17fff]],
    [3, [0x18000, 0x1ffff]],
  ])('of memory map %i', (map, answered) => {
    const vga = vgaIn(MODE_12_REGISTERS);
    graphics(vga, 6, 1 | (map << 2));
    const ends = [0x00000, 0x0ffff, 0x10000, 0x17fff, 0x18000, 0x1ffff];
    expect(ends.filter((offset) => vga.readMemory(offset, 8) === 0)).toEqual(answered);
    for (const offset of ends.filter((end) => !answered.includes(end))) vga.writeMemory(offset, 8, 0xaa);
    expect(plane(vga, 0)).toEqual([]);
  });

  it('is closed while Miscellaneous Output disables the memory', () => {
    const vga = vgaIn(MODE_12_REGISTERS);
    vga.writePort(0x12, 8, 0xe1);
    vga.writeMemory(0, 8, 0xaa);
    expect(vga.readMemory(0, 32)).toBe(0xffffffff);
    vga.writePort(0x12, 8, 0xe3);
    expect(vga.readMemory(0, 32)).toBe(0);
  });

  it('splits wider accesses at its end', () => {
    const vga = vgaIn(MODE_3_REGISTERS);
    vga.writeMemory(0x1fffe, 32, 0x44332211);
    expect(vga.readMemory(0x1fffe, 32)).toBe(0xffff2211);
  });
});

describe('addressing', () => {
  it('puts text characters into plane 0 and attributes into plane 1, both at even offsets', () => {
    const vga = vgaIn(MODE_3_REGISTERS);
    vga.writeMemory(0x18000, 32, 0x1e421f41);
    expect([plane(vga, 0), plane(vga, 1), plane(vga, 2), plane(vga, 3)]).toEqual([
      ['0: 41', '2: 42'],
      ['0: 1f', '2: 1e'],
      [],
      [],
    ]);
  });

  it('reaches planes 2 and 3 by the map mask and Read Map Select with odd and even addresses', () => {
    const vga = vgaIn(MODE_3_REGISTERS);
    sequencer(vga, 2, 0x0c);
    vga.writeMemory(0x18000, 16, 0xb1b0);
    graphics(vga, 4, 2);
    expect(vga.readMemory(0x18000, 16)).toBe(0xb1b0);
    expect([plane(vga, 2), plane(vga, 3)]).toEqual([['0: b0'], ['0: b1']]);
  });

  it('puts the four bytes of a doubleword into four planes with chain 4', () => {
    const vga = vgaIn(MODE_13_REGISTERS);
    vga.writeMemory(4, 32, 0x44332211);
    expect([0, 1, 2, 3].map((number) => plane(vga, number))).toEqual([['4: 11'], ['4: 22'], ['4: 33'], ['4: 44']]);
    expect(vga.readMemory(4, 32)).toBe(0x44332211);
  });

  it('goes linearly through one plane otherwise', () => {
    const vga = vgaIn(MODE_12_REGISTERS);
    sequencer(vga, 2, 0x04);
    vga.writeMemory(0xfffc, 32, 0x44332211);
    expect(plane(vga, 2)).toEqual(['fffc: 11', 'fffd: 22', 'fffe: 33', 'ffff: 44']);
    expect(plane(vga, 0)).toEqual([]);
  });
});

describe('the write modes', () => {
  it('1 copies the latches to another address, all planes at once', () => {
    const vga = vgaIn(MODE_12_REGISTERS);
    for (let number = 0; number < 4; number++) {
      sequencer(vga, 2, 1 << number);
      vga.writeMemory(0, 8, 0x10 + number);
    }
    sequencer(vga, 2, 0x0f);
    graphics(vga, 5, 1);
    vga.readMemory(0, 8);
    vga.writeMemory(0x100, 8, 0xff);
    expect([0, 1, 2, 3].map((number) => plane(vga, number)[1])).toEqual(['100: 10', '100: 11', '100: 12', '100: 13']);
  });

  it('2 writes a colour through the bit mask', () => {
    const vga = vgaIn(MODE_12_REGISTERS);
    graphics(vga, 5, 2);
    graphics(vga, 8, 0x81);
    vga.readMemory(0, 8);
    vga.writeMemory(0, 8, 0x05);
    expect([0, 1, 2, 3].map((number) => plane(vga, number))).toEqual([['0: 81'], [], ['0: 81'], []]);
  });

  it('3 writes Set/Reset where the data has ones', () => {
    const vga = vgaIn(MODE_12_REGISTERS);
    graphics(vga, 0, 0x0a);
    graphics(vga, 3, 0x01);
    graphics(vga, 5, 3);
    vga.writeMemory(0, 8, 0x0f);
    expect([0, 1, 2, 3].map((number) => plane(vga, number))).toEqual([[], ['0: 87'], [], ['0: 87']]);
  });
});

describe('read mode 1', () => {
  it('finds the pixels of a colour', () => {
    const vga = vgaIn(MODE_12_REGISTERS);
    graphics(vga, 5, 2);
    graphics(vga, 8, 0x18);
    vga.writeMemory(0, 8, 0x06);
    graphics(vga, 5, 0x08);
    graphics(vga, 2, 0x06);
    expect(vga.readMemory(0, 8)).toBe(0x18);
    graphics(vga, 2, 0x02);
    expect(vga.readMemory(0, 8)).toBe(0x00);
    graphics(vga, 7, 0x0b);
    expect(vga.readMemory(0, 8)).toBe(0x18);
    graphics(vga, 7, 0x00);
    expect(vga.readMemory(0, 8)).toBe(0xff);
  });
});

describe('a wide write, or one of many bytes', () => {
  it('is what its bytes are one after the other, whatever the registers hold', () => {
    let state = 7;
    const below = (n: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    for (let round = 0; round < 400; round++) {
      const modes = [MODE_3_REGISTERS, MODE_12_REGISTERS, MODE_13_REGISTERS];
      const mode = modes[below(3)] as ModeRegisters;
      const trio = [vgaIn(mode), vgaIn(mode), vgaIn(mode)] as const;
      const settings: [what: typeof graphics, index: number, value: number][] = [];
      // One register off its usual value, or two, or none.
      for (let i = below(3); i > 0; i--) {
        if (below(3) === 0) settings.push([sequencer, [2, 4][below(2)] as number, below(16)]);
        else settings.push([graphics, below(9), below(256)]);
      }
      const accesses = Array.from({ length: 4 }, () => ({
        width: ([16, 32] as const)[below(2)] as 16 | 32,
        offset: 0x18000 * below(2) + 4 * below(4) + below(4),
        value: below(2 ** 32),
      }));
      for (const vga of trio) for (const [set, index, value] of settings) set(vga, index, value);
      for (const { width, offset, value } of accesses) {
        const bytes = Uint8Array.from({ length: width / 8 }, (_, i) => value >>> (8 * i));
        trio[0].writeMemory(offset, width, value);
        bytes.forEach((byte, i) => {
          trio[1].writeMemory(offset + i, 8, byte);
        });
        trio[2].writeBytes(offset, bytes);
        for (const vga of trio) vga.readMemory(offset, 8);
      }
      const [wide, narrow, many] = trio.map((vga) => vga.snapshot()) as [VgaState, VgaState, VgaState];
      const where = JSON.stringify([settings, accesses]);
      for (const other of [wide, many]) {
        expect(Buffer.compare(planesOf(other), planesOf(narrow)), where).toBe(0);
        expect(other.latches).toBe(narrow.latches);
      }
    }
  });
});
