import { describe, expect, it } from 'vitest';
import { DISPI_PORT_OFFSET, MODE_3_REGISTERS, MODE_12_REGISTERS, programMode, Vga, VgaError } from './index.ts';

const make = (sizeBytes = 0x100_0000): { vga: Vga; memory: Uint8Array } => {
  const memory = new Uint8Array(sizeBytes);
  return { vga: new Vga({ clock: { now: 0 }, videoMemory: memory }), memory };
};
const write = (vga: Vga, index: number, value: number): void => {
  vga.writePort(DISPI_PORT_OFFSET, 16, index);
  vga.writePort(DISPI_PORT_OFFSET + 1, 16, value);
};
const read = (vga: Vga, index: number): number => {
  vga.writePort(DISPI_PORT_OFFSET, 16, index);
  return vga.readPort(DISPI_PORT_OFFSET + 1, 16);
};
const [XRES, YRES, BPP, ENABLE, BANK, VIRT_WIDTH, VIRT_HEIGHT, X_OFFSET, Y_OFFSET, MEMORY] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
];
function setMode(vga: Vga, width: number, height: number, bitsPerPixel: number, enable = 0x41): void {
  write(vga, ENABLE, 0);
  write(vga, XRES, width);
  write(vga, YRES, height);
  write(vga, BPP, bitsPerPixel);
  write(vga, ENABLE, enable);
}
function pixel(vga: Vga, x: number, y: number): string {
  const { width, rgba } = vga.renderFrame();
  return Buffer.from(rgba.subarray(4 * (y * width + x), 4 * (y * width + x) + 4)).toString('hex');
}

describe('the display interface', () => {
  it('is B0C5h, can be asked to be an older one, and tells its memory in units of 64 KiB', () => {
    const { vga } = make();
    expect([read(vga, 0), read(vga, MEMORY)]).toEqual([0xb0c5, 256]);
    write(vga, 0, 0xb0c2);
    write(vga, 0, 0xb0c6);
    expect(read(vga, 0)).toBe(0xb0c2);
  });

  it('takes words only, at the data port and the port after it', () => {
    const { vga } = make();
    write(vga, XRES, 640);
    vga.writePort(DISPI_PORT_OFFSET + 1, 8, 0x20);
    expect([read(vga, XRES), vga.readPort(DISPI_PORT_OFFSET + 2, 16)]).toEqual([640, 640]);
    vga.writePort(DISPI_PORT_OFFSET + 2, 16, 800);
    expect(read(vga, XRES)).toBe(800);
  });

  it('tells what it can when asked for capabilities', () => {
    const { vga } = make();
    setMode(vga, 640, 480, 8, 0);
    write(vga, ENABLE, 0x02);
    expect([XRES, YRES, BPP].map((index) => read(vga, index))).toEqual([2560, 1600, 32]);
    write(vga, ENABLE, 0x00);
    expect([XRES, YRES, BPP].map((index) => read(vga, index))).toEqual([640, 480, 8]);
  });

  it('clears what it shows, unless told to keep it', () => {
    const { vga, memory } = make();
    memory.fill(0x55);
    setMode(vga, 64, 16, 32, 0xc1);
    expect(memory[0]).toBe(0x55);
    setMode(vga, 64, 16, 32);
    expect([memory[0], memory[64 * 16 * 4 - 1], memory[64 * 16 * 4]]).toEqual([0, 0, 0x55]);
  });

  it.each([
    [640, 480, 32, 6553],
    [2560, 1600, 32, 1638],
    [1024, 768, 8, 16384],
    [1280, 1024, 24, 4369],
    [800, 600, 4, 41943],
  ])('shows %i by %i in %i bits; the memory holds %i lines', (width, height, bits, lines) => {
    const { vga } = make();
    programMode(vga, MODE_12_REGISTERS);
    setMode(vga, width, height, bits);
    const frame = vga.renderFrame();
    expect([frame.width, frame.height, frame.pixelWidth, frame.pixelHeight]).toEqual([width, height, 1, 1]);
    expect([read(vga, VIRT_WIDTH), read(vga, VIRT_HEIGHT)]).toEqual([width, lines]);
    expect(vga.textScreen().columns).toBe(0);
  });

  it('ignores sizes that it does not have, and rounds widths down to multiples of 8', () => {
    const { vga } = make(0x40000);
    setMode(vga, 325, 200, 7);
    expect([read(vga, XRES), read(vga, BPP)]).toEqual([320, 8]);
    write(vga, XRES, 2568);
    write(vga, YRES, 1601);
    expect([read(vga, XRES), read(vga, YRES)]).toEqual([320, 200]);
    write(vga, YRES, 1600); // 256 KiB hold 819 lines
    expect(vga.renderFrame().height).toBe(819);
  });

  it('has a virtual screen, and offsets in it as far as the memory reaches', () => {
    const { vga, memory } = make();
    setMode(vga, 320, 200, 8);
    write(vga, VIRT_WIDTH, 1024);
    write(vga, X_OFFSET, 3);
    write(vga, Y_OFFSET, 500);
    memory[500 * 1024 + 3] = 7;
    programMode(vga, MODE_3_REGISTERS);
    expect([read(vga, VIRT_HEIGHT), pixel(vga, 0, 0)]).toEqual([16384, 'aaaaaaff']);
    write(vga, Y_OFFSET, 16384 - 200);
    expect([read(vga, X_OFFSET), read(vga, Y_OFFSET)]).toEqual([0, 16184]);
    write(vga, Y_OFFSET, 16384 - 199);
    expect(read(vga, Y_OFFSET)).toBe(0);
  });

  it('shows one bank after the other at A0000h, and nothing at B0000h', () => {
    const { vga, memory } = make();
    setMode(vga, 1024, 768, 32, 0x01);
    write(vga, BANK, 3);
    vga.writeMemory(0x0fffc, 32, 0x11223344);
    vga.writeMemory(0x10000, 32, 0x55555555);
    expect(memory[0x3fffc]).toBe(0x44);
    expect([vga.readMemory(0xfffc, 32), vga.readMemory(0x18000, 16)]).toEqual([0x11223344, 0xffff]);
    write(vga, BANK, 256);
    expect(read(vga, BANK)).toBe(3);
    write(vga, ENABLE, 0);
    expect(read(vga, BANK)).toBe(0);
  });

  it('has banks of 64 KiB in each plane in 16 colours', () => {
    const { vga, memory } = make();
    programMode(vga, MODE_12_REGISTERS);
    setMode(vga, 1024, 768, 4);
    write(vga, BANK, 1);
    vga.writeMemory(0, 8, 0x80); // all four planes
    expect([...memory.subarray(0x40000, 0x40004)]).toEqual([0x80, 0x80, 0x80, 0x80]);
    expect([pixel(vga, 0, 512), pixel(vga, 1, 512)]).toEqual(['ffffffff', '000000ff']);
  });

  it.each([
    [15, 2, 0x7c1f, 'ff00ffff'],
    [15, 2, 0x83e0, '00ff00ff'],
    [15, 2, 0x0842, '101010ff'],
    [16, 2, 0xf81f, 'ff00ffff'],
    [16, 2, 0x07e0, '00ff00ff'],
    [16, 2, 0x0841, '080808ff'],
    [24, 3, 0x112233, '112233ff'],
    [32, 4, 0x99112233, '112233ff'],
  ])('in %i bits, of %i bytes, the pixel %#x is %s', (bits, size, value, expected) => {
    const { vga, memory } = make();
    setMode(vga, 64, 8, bits);
    for (let i = 0; i < size; i++) memory[size * (64 * 2 + 5) + i] = value >>> (8 * i);
    expect([pixel(vga, 5, 2), pixel(vga, 4, 2), pixel(vga, 6, 2)]).toEqual([expected, '000000ff', '000000ff']);
  });

  it('has a DAC of six bits or of eight', () => {
    const { vga, memory } = make();
    const color = (...components: number[]): void => {
      vga.writePort(0x18, 8, 9);
      for (const component of components) vga.writePort(0x19, 8, component);
    };
    setMode(vga, 64, 8, 8);
    memory[0] = 9;
    color(0x3f, 0x20, 0x41);
    expect(pixel(vga, 0, 0)).toBe('ff8204ff');
    setMode(vga, 64, 8, 8, 0xe1);
    color(0xfe, 0x20, 0x41);
    expect(pixel(vga, 0, 0)).toBe('fe2041ff');
  });

  it('gives the VGA back as it was, and everything after a reset', () => {
    const { vga, memory } = make();
    programMode(vga, MODE_3_REGISTERS);
    setMode(vga, 1024, 768, 32, 0xc1);
    expect(vga.isExtended).toBe(true);
    memory[0x200000] = 1;
    write(vga, ENABLE, 0);
    expect([vga.isExtended, vga.textScreen().columns]).toEqual([false, 80]);
    vga.reset();
    expect(memory[0x200000]).toBe(0);
  });

  it('keeps its whole memory in a snapshot, but only what is not zero', () => {
    const { vga, memory } = make();
    setMode(vga, 1280, 720, 32);
    memory[0x300001] = 9;
    const state = structuredClone(vga.snapshot());
    expect(state.videoMemory.map(({ offset, bytes }) => [offset, bytes.length])).toEqual([[0x300000, 0x1000]]);
    const other = make();
    other.memory.fill(3);
    other.vga.restore(state);
    expect([other.memory[0x300001], other.memory.filter((byte) => byte !== 0).length]).toEqual([9, 1]);
    expect(other.vga.renderFrame().width).toBe(1280);
  });

  it.each([
    ['runs of part of a page', { offset: 0, bytes: new Uint8Array(100) }],
    ['runs behind the end', { offset: 0x100_0000, bytes: new Uint8Array(4096) }],
    ['runs before the start', { offset: -4096, bytes: new Uint8Array(4096) }],
    ['no runs', null],
  ])('refuses %s', (_, run) => {
    const { vga } = make();
    const state = { ...vga.snapshot(), videoMemory: [run] } as unknown as ReturnType<Vga['snapshot']>;
    expect(() => vga.restore(state)).toThrow(VgaError);
  });

  it.each([[0x30000], [0x48000]])('refuses a memory of %#x bytes', (size) => {
    expect(() => make(size)).toThrow('at least 256 KiB, a multiple of 64 KiB');
  });
});
