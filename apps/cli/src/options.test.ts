import { describe, expect, it } from 'vitest';
import { CliError } from './exit-code.ts';
import {
  parseBootFeatures,
  parseCount,
  parseDebugExit,
  parseExitCode,
  parseInitrd,
  parseKeyScript,
  parseMemorySize,
  parseScreenshot,
  parseSeconds,
  parseSerial,
} from './options.ts';

const KIB = 1024;

describe.each<[string, (text: string) => unknown, [string, unknown][], string[]]>([
  [
    'a memory size',
    parseMemorySize,
    [
      ['128M', 128 * KIB ** 2],
      ['64', 64 * KIB ** 2],
      ['1G', KIB ** 3],
      ['1GiB', KIB ** 3],
      ['512k', 512 * KIB],
      ['2gb', 2 * KIB ** 3],
    ],
    ['', 'x', '-1M', '1.5G', '1P', '1 G', '0x10'],
  ],
  [
    'a count',
    parseCount,
    [
      ['1', 1],
      ['1_000', 1000],
      ['5k', 5000],
      ['10M', 1e7],
      ['2G', 2e9],
    ],
    ['', '0', '-1', '1e6', '10T', '99999999999999999999', '_1'],
  ],
  [
    'a time',
    parseSeconds,
    [
      ['1', 1],
      ['0.5', 0.5],
      ['.25', 0.25],
      ['3s', 3],
    ],
    ['', '0', '-1', 'x', '1e400', 'NaN'],
  ],
  [
    'an exit code',
    parseExitCode,
    [
      ['0', 0],
      ['33', 33],
      ['255', 255],
    ],
    ['', '256', '-1', '0x21', '1.5'],
  ],
  [
    'a port',
    parseDebugExit,
    [
      ['0xf4', { port: 0xf4 }],
      ['244', { port: 244 }],
      ['none', { port: null }],
    ],
    ['', '0x10000', '65535', 'f4'],
  ],
  [
    'a serial target',
    parseSerial,
    [
      ['stdio', { kind: 'stdio' }],
      ['none', { kind: 'none' }],
      ['file:a b', { kind: 'file', path: 'a b' }],
    ],
    ['', 'file:', 'tcp:1', 'STDIO'],
  ],
  [
    'modules',
    parseInitrd,
    [
      ['a', [{ path: 'a', text: 'a' }]],
      [
        'a b=1,c',
        [
          { path: 'a', text: 'a b=1' },
          { path: 'c', text: 'c' },
        ],
      ],
      ['a,,b', [{ path: 'a,b', text: 'a,b' }]],
    ],
    ['', 'a,', ',b'],
  ],
  [
    'keys',
    parseKeyScript,
    [
      [
        'shift-a @1s',
        [
          { kind: 'keys', keys: ['shift', 'a'] },
          { kind: 'at-tick', tick: 1e9 },
        ],
      ],
    ],
    ['nokey', 'wait:', 'type:é', '@1x'],
  ],
  [
    'boot features',
    parseBootFeatures,
    [
      ['none', { mapPhysicalMemory: false, recursivePageTable: false, sse: false, vga320x200: false }],
      ['sse,map_physical_memory', { mapPhysicalMemory: true, recursivePageTable: false, sse: true, vga320x200: false }],
    ],
    ['sse,mmx', 'toString'],
  ],
])('%s', (_what, parse, good, bad) => {
  it.each(good)('%j', (text, value) => expect(parse(text)).toEqual(value));
  it.each(bad)('not %j', (text) => expect(() => parse(text)).toThrow(CliError));
});

describe('a screenshot', () => {
  it.each([
    ['a.png', { path: 'a.png' }],
    ['a.png@10M', { path: 'a.png', instructions: 10_000_000 }],
    ['a@b.png', { path: 'a@b.png' }],
    ['me@host/a.png', { path: 'me@host/a.png' }],
    ['odd@1@', { path: 'odd@1' }],
    ['odd@1@5k', { path: 'odd@1', instructions: 5000 }],
  ])('%s', (text, shot) => expect(parseScreenshot(text)).toEqual(shot));
  it.each(['', '@10M', '@'])('is refused without a name: %j', (text) => {
    expect(() => parseScreenshot(text)).toThrow('expected FILE or FILE@COUNT');
  });
});
