import { checkDevice, checkRestore, type DeviceDescription } from '@longmode/device-testing';
import { VirtualClock } from '@longmode/machine';
import { describe, expect, it } from 'vitest';
import { ACPI_PM_PORT_COUNT, AcpiPm } from './index.ts';

const [STATUS, ENABLE, CONTROL, TIMER] = [0, 2, 4, 8];
/** 2^23 cycles at 3.579545 MHz, in nanoseconds, rounded up. */
const HALF_TIMER_TICKS = 2_343_484_438;

function bench(softOffType?: number) {
  const clock = new VirtualClock();
  const sci: string[] = [];
  let offs = 0;
  const pm = new AcpiPm({
    clock,
    sci: { set: (level) => sci.at(-1) !== `${level}` && sci.push(`${level}`) },
    powerOff: () => {
      offs++;
    },
    ...(softOffType === undefined ? {} : { softOffType }),
  });
  return { clock, pm, sci, offs: () => offs };
}

describe('the timer', () => {
  it.each([
    [0, 0],
    [279, 0],
    [280, 1],
    [1_000_000_000, 3_579_545],
    [4_686_968_873, 0xffffff],
    [4_686_968_875, 0],
    [3_600_000_000_000, (3600 * 3_579_545) % 2 ** 24],
  ])('at %i ns is %i', (tick, value) => {
    const { clock, pm } = bench();
    clock.advanceTo(tick);
    expect(pm.readPort(TIMER, 32)).toBe(value);
    expect(pm.readPort(TIMER + 2, 8)).toBe(value >> 16);
  });

  it('sets its status when the top bit changes, until that is written back', () => {
    const { clock, pm, sci } = bench();
    clock.advanceTo(HALF_TIMER_TICKS - 1);
    expect(pm.readPort(STATUS, 16)).toBe(0);
    clock.advanceTo(HALF_TIMER_TICKS);
    expect([pm.readPort(STATUS, 16), pm.readPort(TIMER, 32)]).toEqual([1, 0x800000]);
    pm.writePort(STATUS, 16, 0xfffe);
    expect(pm.readPort(STATUS, 16)).toBe(1);
    pm.writePort(STATUS, 16, 1);
    expect(pm.readPort(STATUS, 16)).toBe(0);
    expect(sci).not.toContain('true');
  });

  it('raises the SCI when it may', () => {
    const { clock, pm, sci } = bench();
    pm.writePort(ENABLE, 16, 0xffff);
    expect(pm.readPort(ENABLE, 16)).toBe(0x0521);
    clock.advanceTo(HALF_TIMER_TICKS);
    expect(sci).toEqual(['false', 'true']);
    pm.writePort(STATUS, 8, 1);
    clock.advanceTo(2 * HALF_TIMER_TICKS);
    expect(sci).toEqual(['false', 'true', 'false', 'true']);
  });
});

describe('the control register', () => {
  it('turns the machine off for SLP_EN with the right type, in any width', () => {
    for (const [offset, width, value] of [
      [CONTROL, 16, 0x3400],
      [CONTROL, 32, 0x3400],
      [CONTROL + 1, 8, 0x34],
    ] as const) {
      const { pm, offs } = bench(5);
      pm.writePort(CONTROL, 16, 0x2000);
      pm.writePort(CONTROL, 16, 0x1400);
      expect(offs()).toBe(0);
      pm.writePort(offset, width, value);
      expect(offs()).toBe(1);
      expect(pm.readPort(CONTROL, 16)).toBe(0x1401);
    }
  });

  it('takes type 0 unless told, and always says that ACPI is on', () => {
    const { pm, offs } = bench();
    expect(pm.readPort(CONTROL, 16)).toBe(1);
    pm.writePort(CONTROL, 16, 0x2000);
    expect(offs()).toBe(1);
  });
});

describe('the device contract', () => {
  const description: DeviceDescription<AcpiPm> = {
    make: (world) => new AcpiPm({ clock: world.clock, sci: world.line('sci'), powerOff: () => world.log('off') }),
    ports: ACPI_PM_PORT_COUNT,
    maxAdvanceTicks: 5_000_000_000,
  };

  it('is kept', () => {
    expect(checkDevice(description).outputs).toBeGreaterThan(20);
  });
  it('damaged snapshots are refused', () => {
    expect(checkRestore(description).refused).toBeGreaterThan(0);
  });
});
