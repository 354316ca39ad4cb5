import { describe, expect, it } from 'vitest';
import { FakeMachine, numberedDisk } from '../test/fake-machine.ts';
import { Bios, BiosError, type BiosOptions, type BiosState } from './index.ts';

describe('power-on', () => {
  it('reaches INT 19h from the reset vector', () => {
    const machine = new FakeMachine().powerOn();
    expect(machine.cpu.cs * 16 + machine.cpu.ip).toBe(0xfe6f2);
    expect(machine.bios.snapshot().postStep).toBe(0);
  });
});
