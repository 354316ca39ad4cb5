import { describe, expect, it } from 'vitest';
import { describePageFault } from './page-fault.ts';

describe('describePageFault', () => {
  it.each<[number, bigint | number, string]>([
    [0b00000, 0x1000, 'supervisor-mode read at 0x0000_1000: the page is not present'],
    [0b00010, 0xdead_beefn, 'supervisor-mode write at 0xdead_beef: the page is not present'],
    [0b00111, 0x40_0000, 'user-mode write at 0x0040_0000: the page is present and its access rights forbid the access'],
    [
      0b10001,
      0xffff_8000_0000_0000n,
      'supervisor-mode instruction fetch at 0xffff_8000_0000_0000: ' +
        'the page is present and its access rights forbid the access',
    ],
    [0b01001, 0, 'supervisor-mode read at 0x0000_0000: a reserved bit is set in a paging-structure entry'],
    [0b100101, 0, 'user-mode read at 0x0000_0000: the protection key forbids the access'],
    [
      0b1000101,
      0,
      'user-mode read (shadow stack) at 0x0000_0000: the page is present and its access rights forbid the access',
    ],
    [0b10000000, 0, 'supervisor-mode read at 0x0000_0000: the page is not present (HLAT paging)'],
    [0x8005, 0, 'user-mode read at 0x0000_0000: SGX forbids the access'],
  ])('%i at %s', (errorCode, linear, expected) => {
    expect(describePageFault(errorCode, linear)).toBe(expected);
  });
});
