import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import { FakeMachine } from '../../test/fake-machine.ts';
import { RomAssembler } from './assembler.ts';
import { buildRom, ROM_TABLE } from './image.ts';
import { CUSTOMARY_ENTRY } from './stubs.ts';

const rom = buildRom({ fonts: {}, fixedDisks: [{ cylinders: 1024, heads: 16, sectorsPerTrack: 63 }] });

/** Disassembles with an independent decoder. */
function disassemble(offset: number, count: number): string[] {
  const decoder = new Decoder(16, rom.bytes.subarray(offset), DecoderOptions.None);
  decoder.ip = BigInt(offset);
  const formatter = new Formatter(FormatterSyntax.Nasm);
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const instruction = decoder.decode();
    lines.push(
      formatter
        .format(instruction)
        .toLowerCase()
        .replace(/^(\S+)\s+/, '$1 ')
        .replace('short ', ''),
    );
    instruction.free();
  }
  formatter.free();
  decoder.free();
  return lines;
}

describe('the ROM', () => {
  it('adds up to 0 in 8 bits', () => {
    expect(rom.bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0)).toBe(0);
  });

  it('starts with a far jump at FFF0 to the entry of POST', () => {
    expect(disassemble(0xfff0, 1)).toEqual(['jmp 0f000h:0e05bh']);
  });

  it('has its trap in two instructions that need no register', () => {
    const trap = rom.offsetOf('trap');
    expect(disassemble(trap, 2)).toEqual(['out 0e0h,al', 'ret']);
  });

  it('has an IRET at FF53 and a date and model byte where programs look', () => {
    expect(rom.bytes[0xff53]).toBe(0xcf);
    expect(String.fromCharCode(...rom.bytes.subarray(0xfff5, 0xfffd))).toMatch(/^\d\d\/\d\d\/\d\d$/);
    expect(rom.bytes[0xfffe]).toBe(0xfc);
  });

  it.each([
    [0x08, 0xfea5],
    [0x09, 0xe987],
    [0x0e, 0xef57],
    [0x10, 0xf065],
    [0x11, 0xf84d],
    [0x12, 0xf841],
    [0x13, 0xe3fe],
    [0x14, 0xe739],
    [0x15, 0xf859],
    [0x16, 0xe82e],
    [0x17, 0xefd2],
    [0x19, 0xe6f2],
    [0x1a, 0xfe6e],
    [0x40, 0xec59],
  ])('serves INT %i at its customary address', (vector, offset) => {
    expect(rom.vectors.get(vector)).toBe(offset);
  });

  it('lists the vectors 08h to 1Fh at FEF3', () => {
    const word = (offset: number): number => (rom.bytes[offset] ?? 0) | ((rom.bytes[offset + 1] ?? 0) << 8);
    expect(word(0xfef3)).toBe(CUSTOMARY_ENTRY.timerIrq);
    expect(word(0xfef3 + 2 * (0x10 - 8))).toBe(CUSTOMARY_ENTRY.video);
    expect(word(0xfef3 + 2 * (0x1e - 8))).toBe(ROM_TABLE.floppy);
    expect(word(0xfef3 + 2 * (0x1b - 8))).toBe(CUSTOMARY_ENTRY.dummy);
  });

  it('keeps a simple service to a call and an IRET', () => {
    const [jump = ''] = disassemble(0xf065, 1);
    const body = Number.parseInt(/([0-9a-f]+)h/.exec(jump)?.[1] ?? '', 16);
    expect(disassemble(body, 2)).toEqual([expect.stringMatching(/^call (near )?8000h$/), 'iret']);
    expect(rom.offsetOf('trap')).toBe(0x8000);
  });

  it('halts with interrupts enabled by the instruction before, so that no wake-up is lost', () => {
    for (const label of ['keyboard.halt', 'system.halt', 'serial.halt', 'clock.halt', 'post.halt', 'pause.wait']) {
      expect(disassemble(rom.offsetOf(label), 2), label).toEqual(['sti', 'hlt']);
    }
  });

  it('has every trap of a service end in a place with an instruction', () => {
    for (const offset of rom.entries.keys()) expect(rom.bytes[offset], offset.toString(16)).not.toBe(0);
  });

  it('holds the fixed disk table at E401 and the floppy table at EFC7', () => {
    expect([...rom.bytes.subarray(0xe401, 0xe411)]).toEqual([0, 4, 16, 0, 0, 255, 255, 0, 8, 0, 0, 0, 0, 4, 63, 0]);
    expect([...rom.bytes.subarray(0xefc7, 0xefc7 + 11)]).toEqual([175, 2, 37, 2, 18, 27, 255, 108, 246, 15, 8]);
  });

  it('holds the fonts that it was given', () => {
    const rows16 = new Uint8Array(4096).map((_, index) => index & 0xff);
    const rows8 = new Uint8Array(2048).fill(0x18);
    const image = buildRom({ fonts: { rows8, rows16 }, fixedDisks: [] });
    expect(image.bytes.subarray(ROM_TABLE.font16, ROM_TABLE.font16 + 4096)).toEqual(rows16);
    expect(image.bytes[0xfa6e]).toBe(0x18);
    expect(image.bytes[0xfe6d]).toBe(0x18);
    expect(image.bytes[0xfe6e]).toBe(0xe9); // INT 1Ah follows the font immediately
  });
});

describe('the assembler', () => {
  it('refuses overlapping code, unknown labels and short jumps that are too far', () => {
    expect(() => new RomAssembler(16).iret().org(0).iret()).toThrow('overlap');
    expect(() => new RomAssembler(16).jmp('nowhere').link()).toThrow('no label');
    expect(() => new RomAssembler(512).jnc('far').org(300).label('far').link()).toThrow('too far');
    expect(() => new RomAssembler(16).label('a').label('a')).toThrow('twice');
  });
});

describe('waiting in a stub', () => {
  it('lets INT 16h AH=00h halt until a key comes, with the interrupt served in between', () => {
    const machine = new FakeMachine().powerOn();
    let halts = 0;
    machine.onHalt = () => {
      halts++;
      if (halts < 3) return machine.nextInterrupt();
      machine.chips.keyboardBytes.push([0x1e, false]);
      return 0x09;
    };
    const result = machine.call(0x16, { eax: 0x1234_0000, flags: 0x0002 });
    expect(result.eax).toBe(0x1234_1e61);
    expect(halts).toBe(3);
    expect(result.flags).toBe(0x0002); // the caller's IF comes back
    expect(result.esp).toBe(0x0f00);
    expect(machine.memory.read32(0x46c) & 0xff).toBeGreaterThan(0);
  });
});
