import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isFullRun, readImage } from '../test/images.ts';
import { FirmwareRom } from './firmware-rom.ts';
import { loadImage, planFirmware, planImage, startImage } from './load.ts';

/** A ROM of 64 KiB that looks at the debug console, the configuration device and the write protection of itself. */
const CODE = `
  ba 02 04          ; mov dx, 0x402
  ec                ; in al, dx
  3c e9             ; cmp al, 0xe9
  75 3a             ; jne end
  ba 10 05          ; mov dx, 0x510
  31 c0             ; xor ax, ax
  ef                ; out dx, ax
  42                ; inc dx
  ec                ; in al, dx
  ba 02 04          ; mov dx, 0x402
  ee                ; out dx, al
  8c c8             ; mov ax, cs
  8e d8             ; mov ds, ax
  c6 06 00 01 6e    ; mov byte [0x100], 'n'
  a0 00 01          ; mov al, [0x100]
  ee                ; out dx, al
  66 b8 58 00 00 80 ; mov eax, 0x80000058
  ba f8 0c          ; mov dx, 0xcf8
  66 ef             ; out dx, eax
  ba fd 0c          ; mov dx, 0xcfd
  b0 30             ; mov al, 0x30: PAM0, read and write
  ee                ; out dx, al
  c6 06 00 01 77    ; mov byte [0x100], 'w'
  a0 00 01          ; mov al, [0x100]
  ba 02 04          ; mov dx, 0x402
  ee                ; out dx, al
  b0 10             ; mov al, 0x10
  e6 f4             ; out 0xf4, al
  f4                ; end: hlt
`;
const bytesOf = (source: string): number[] =>
  source
    .split('\n')
    .flatMap((line) => line.replace(/;.*/, '').trim().split(/\s+/))
    .filter((byte) => byte !== '')
    .map((byte) => Number.parseInt(byte, 16));

function smallRom(): Uint8Array {
  const rom = new Uint8Array(0x10000);
  rom.set(bytesOf(CODE));
  rom[0x100] = 0x3d; // =
  rom.set([0xea, 0x00, 0x00, 0x00, 0xf0], 0xfff0); // jmp 0xf000:0
  return rom;
}

describe('a firmware ROM', () => {
  it('starts at the reset vector, logs, is recognized, and can be written when the chipset lets it', () => {
    let log = '';
    const plan = planFirmware({ firmware: { rom: smallRom() } });
    const pc = startImage(plan, {
      events: {
        onFirmwareLog: (byte) => {
          log += String.fromCharCode(byte);
        },
      },
    });
    expect(pc.run({ instructions: 1000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
    expect(log).toBe('Q=w');
    const state = structuredClone(pc.snapshot());
    pc.reset();
    expect(pc.run({ instructions: 1000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
    expect(log).toBe('Q=wQ=w');
    // What the chipset allows is part of the state.
    pc.reset();
    pc.restore(state);
    pc.cpu.memory.write8(0xf0100, 0x78);
    expect(pc.cpu.memory.read8(0xf0100)).toBe(0x78);
  });

  it('is below 4 GiB as it was, whatever happened to its copy', () => {
    const pc = startImage(planFirmware({ firmware: { rom: smallRom() } }));
    pc.run({ instructions: 1000 });
    expect([pc.cpu.memory.read8(0xf0100), pc.cpu.memory.read8(0xffff0100)]).toEqual([0x77, 0x3d]);
    expect(pc.cpu.memory.read32(0xfffffff0)).toBe(0x000000ea);
  });

  it.each([0, 1000, 0x10001, 0x1010000])('has a size that can be mapped: not %i', (size) => {
    expect(() => new FirmwareRom({ rom: new Uint8Array(size) })).toThrow(RangeError);
    expect(() => planFirmware({ firmware: { rom: new Uint8Array(size) } })).toThrow(/the firmware ROM/);
  });

  it('boots drives, not kernels', () => {
    expect(() => planImage(readImage('hello.elf'), { firmware: { rom: smallRom() } })).toThrow(/the firmware ROM/);
  });
});

const seabios = '/usr/share/seabios/';

describe.skipIf(!existsSync(`${seabios}bios.bin`))('SeaBIOS', () => {
  const read = (name: string): Uint8Array => new Uint8Array(readFileSync(seabios + name));
  const firmware = (rom: string) => ({ rom: read(rom), vgaRom: read('vgabios-stdvga.bin') });

  it.runIf(isFullRun)('says that there is nothing to boot', () => {
    let log = '';
    const pc = startImage(planFirmware({ firmware: firmware('bios.bin') }), {
      engine: 'jit',
      events: {
        onFirmwareLog: (byte) => {
          log += String.fromCharCode(byte);
        },
      },
    });
    const isDone = (): boolean => pc.vga.toStrings().some((row) => row.startsWith('No bootable device.'));
    for (let slice = 0; slice < 100 && !isDone(); slice++) pc.run({ untilTick: pc.virtualTimeNs + 100_000_000 });
    const screen = pc.vga.toStrings().join('\n');
    expect(screen).toMatch(/^SeaBIOS \(version/m);
    expect(screen).toMatch(/No bootable device\./);
    expect(log).toMatch(/Found QEMU fw_cfg/);
    expect(log).toMatch(/Start SeaVGABIOS/);
  });

  const boots = [
    ['bios-256k.bin', 'hello-bios.img', 'Hello World!'],
    ['bios.bin', 'device-floppy.img', 'done'],
  ] as const;
  it.each(isFullRun ? boots : boots.slice(0, 1))('%s boots %s', (rom, name, last) => {
    let said = '';
    const image = new Uint8Array(name.startsWith('device') ? 2880 * 512 : readImage(name).length);
    image.set(readImage(name));
    const onSerial = (byte: number): void => {
      said += String.fromCharCode(byte);
    };
    const { pc } = loadImage(image, { firmware: firmware(rom) }, { engine: 'jit', events: { onSerial } });
    expect(pc.run({ instructions: 300_000_000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
    expect(said.trimEnd().split('\n').at(-1)).toBe(last);
  });
});
