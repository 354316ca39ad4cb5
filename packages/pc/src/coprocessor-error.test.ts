import { describe, expect, it } from 'vitest';
import { loadImage } from './load.ts';

/**
 * A boot sector that takes INT 02h, opens IRQ 13, unmasks zero divide, and divides 1 by 0. The handler stores the status word,
 * clears the exceptions and counts.
 */
const CODE = `fa 31c0 8ed8 c70608002f7c c7060a000000 b0fb e621 b0df e6a1
  dbe3 c70600067b03 d92e0006 d9e8 d9ee def9 fb 9b fa f4
  dd3e0206 dbe2 fe060406 cf`;

/**
 * The same twice, with a handler of its own for IRQ 13: it writes to port F0h, pushes another 1, which it could not if the
 * exception were not ignored, stores the status word, clears the exceptions, counts and ends the interrupt.
 */
const OWN_HANDLER = `fa31c08ed8 c706d401347c a3d601 a20406 b0fbe621 b0dfe6a1
  dbe3 c70600067b03 d92e0006 fb b90200 d9e8d9eedef99b e2f7 faf4
  50 e6f0 d9e8 dd3e0206 dbe2 fe060406 b020e6a0e620 58cf`;

const boot = (code: string, engine: 'interpreter' | 'jit') => {
  const sector = new Uint8Array(512);
  sector.set((code.replace(/\s/g, '').match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));
  sector.set([0x55, 0xaa], 510);
  return loadImage(sector, { ramSizeBytes: 2 ** 24 }, { engine });
};

describe('an x87 exception while CR0.NE is clear', () => {
  it.each(['interpreter', 'jit'] as const)(
    'is ignored behind a write to port F0h until it is cleared, by the %s',
    (engine) => {
      const { pc } = boot(OWN_HANDLER, engine);
      expect(pc.run({ untilTick: 5e9 }).kind).toBe('halted');
      // ZE, ES and B; the register stack holds six numbers.
      expect([...pc.cpu.memory.read(0x602, 3)]).toEqual([0x84, 0x90, 2]);
      expect(pc.cpu.exceptionLog.entries.filter(({ vector }) => vector === 16)).toEqual([]);
    },
  );

  it.each(['interpreter', 'jit'] as const)(
    'comes as IRQ 13, and the firmware passes it on as INT 02h, by the %s',
    (engine) => {
      const { pc } = boot(CODE, engine);
      expect(pc.run({ untilTick: 5e9 }).kind).toBe('halted');
      // The status word with ZE, ES and B, and both operands still there; one call.
      expect([...pc.cpu.memory.read(0x602, 3)]).toEqual([0x84, 0xb0, 1]);
      expect(pc.cpu.exceptionLog.entries.filter(({ vector }) => vector === 16)).toEqual([]);
    },
  );
});
