import { VirtualClock } from '@longmode/machine';
import { describe, expect, it } from 'vitest';
import { Kbc8042, KEY_NAMES, type KeyName } from './index.ts';

/**
 * Make and break codes of each key in sets 1, 2 and 3, as QEMU 7.2 sends them: its machine `pc`, keys pressed through
 * `input-send-event`, ports read through its test protocol. `-` where QEMU departs from IBM's table or has keys of its
 * own.
 */
const RECORDED = `
  0 0b/8b 45/f045 45/f045
  1 02/82 16/f016 16/f016
  2 03/83 1e/f01e 1e/f01e
  3 04/84 26/f026 26/f026
  4 05/85 25/f025 25/f025
  5 06/86 2e/f02e 2e/f02e
  6 07/87 36/f036 36/f036
  7 08/88 3d/f03d 3d/f03d
  8 09/89 3e/f03e 3e/f03e
  9 0a/8a 46/f046 46/f046
  esc 01/81 76/f076 08/f008
  f1 3b/bb 05/f005 07/f007
  f2 3c/bc 06/f006 0f/f00f
  f3 3d/bd 04/f004 17/f017
  f4 3e/be 0c/f00c 1f/f01f
  f5 3f/bf 03/f003 27/f027
  f6 40/c0 0b/f00b 2f/f02f
  f7 41/c1 83/f083 37/f037
  f8 42/c2 0a/f00a 3f/f03f
  f9 43/c3 01/f001 47/f047
  f10 44/c4 09/f009 4f/f04f
  f11 57/d7 78/f078 56/f056
  f12 58/d8 07/f007 5e/f05e
  print e02ae037/e0b7e0aa e012e07c/e0f07ce0f012 57/f057
  scroll_lock 46/c6 7e/f07e 5f/f05f
  pause e11d45e19dc5/ e11477e1f014f077/ 62/f062
  grave_accent 29/a9 0e/f00e 0e/f00e
  minus 0c/8c 4e/f04e 4e/f04e
  equal 0d/8d 55/f055 55/f055
  backspace 0e/8e 66/f066 66/f066
  tab 0f/8f 0d/f00d 0d/f00d
  q 10/90 15/f015 15/f015
  w 11/91 1d/f01d 1d/f01d
  e 12/92 24/f024 24/f024
  r 13/93 2d/f02d 2d/f02d
  t 14/94 2c/f02c 2c/f02c
  y 15/95 35/f035 35/f035
  u 16/96 3c/f03c 3c/f03c
  i 17/97 43/f043 43/f043
  o 18/98 44/f044 44/f044
  p 19/99 4d/f04d 4d/f04d
  bracket_left 1a/9a 54/f054 54/f054
  bracket_right 1b/9b 5b/f05b 5b/f05b
  backslash 2b/ab 5d/f05d 5c/f05c
  caps_lock 3a/ba 58/f058 14/f014
  a 1e/9e 1c/f01c 1c/f01c
  s 1f/9f 1b/f01b 1b/f01b
  d 20/a0 23/f023 23/f023
  f 21/a1 2b/f02b 2b/f02b
  g 22/a2 34/f034 34/f034
  h 23/a3 33/f033 33/f033
  j 24/a4 3b/f03b 3b/f03b
  k 25/a5 42/f042 42/f042
  l 26/a6 4b/f04b 4b/f04b
  semicolon 27/a7 4c/f04c 4c/f04c
  apostrophe 28/a8 52/f052 52/f052
  ret 1c/9c 5a/f05a 5a/f05a
  shift 2a/aa 12/f012 12/f012
  less 56/d6 61/f061 13/f013
  z 2c/ac 1a/f01a 1a/f01a
  x 2d/ad 22/f022 22/f022
  c 2e/ae 21/f021 21/f021
  v 2f/af 2a/f02a 2a/f02a
  b 30/b0 32/f032 32/f032
  n 31/b1 31/f031 31/f031
  m 32/b2 3a/f03a 3a/f03a
  comma 33/b3 41/f041 41/f041
  dot 34/b4 49/f049 49/f049
  slash 35/b5 4a/f04a 4a/f04a
  shift_r 36/b6 59/f059 59/f059
  ctrl 1d/9d 14/f014 11/f011
  meta_l e05b/e0db e01f/e0f01f 8b/f08b
  alt 38/b8 11/f011 19/f019
  spc 39/b9 29/f029 29/f029
  alt_r e038/e0b8 e011/e0f011 39/f039
  meta_r e05c/e0dc e027/e0f027 8c/f08c
  ctrl_r e01d/e09d e014/e0f014 58/f058
  insert e052/e0d2 e070/e0f070 67/f067
  home e047/e0c7 e06c/e0f06c 6e/f06e
  pgup e049/e0c9 e07d/e0f07d 6f/f06f
  delete e053/e0d3 e071/e0f071 64/f064
  end e04f/e0cf e069/e0f069 65/f065
  pgdn e051/e0d1 e07a/e0f07a 6d/f06d
  up e048/e0c8 e075/e0f075 63/f063
  left e04b/e0cb e06b/e0f06b 61/f061
  down e050/e0d0 e072/e0f072 60/f060
  right e04d/e0cd e074/e0f074 6a/f06a
  num_lock 45/c5 77/f077 76/f076
  kp_divide e035/e0b5 e04a/e0f04a -
  kp_multiply 37/b7 7c/f07c 7e/f07e
  kp_subtract 4a/ca 7b/f07b -
  kp_7 47/c7 6c/f06c 6c/f06c
  kp_8 48/c8 75/f075 75/f075
  kp_9 49/c9 7d/f07d 7d/f07d
  kp_add 4e/ce 79/f079 7c/f07c
  kp_4 4b/cb 6b/f06b 6b/f06b
  kp_5 4c/cc 73/f073 73/f073
  kp_6 4d/cd 74/f074 74/f074
  kp_1 4f/cf 69/f069 69/f069
  kp_2 50/d0 72/f072 72/f072
  kp_3 51/d1 7a/f07a 7a/f07a
  kp_enter e01c/e09c e05a/e0f05a 79/f079
  kp_0 52/d2 70/f070 70/f070
  kp_decimal 53/d3 71/f071 71/f071
  ro 73/f3 51/f051 -
  yen 7d/fd 6a/f06a 5d/f05d
  henkan 79/f9 64/f064 86/f086
  muhenkan 7b/fb 67/f067 85/f085
  kp_comma 7e/fe 6d/f06d -
  kp_equals 59/d9 0f/f00f /
  power e05e/e0de e037/e0f037 /
  sleep e05f/e0df e03f/e0f03f /
  wake e063/e0e3 e05e/e0f05e /
  audiomute e020/e0a0 e023/e0f023 -
  volumedown e02e/e0ae e021/e0f021 -
  volumeup e030/e0b0 e032/e0f032 -
  audioplay e022/e0a2 e034/e0f034 -
  audiostop e024/e0a4 e03b/e0f03b -
  audionext e019/e099 e04d/e0f04d -
  audioprev e010/e090 e015/e0f015 -
  compose e05d/e0dd e02f/e0f02f 8d/f08d
  katakanahiragana 70/f0 13/f013 87/f087
  asterisk 37/b7 7c/f07c -
  sysrq e02ae037/e0b7e0aa e012e07c/e0f07ce0f012 -
  hiragana 77/f7 62/f062 -
  stop e068/e0e8 e028/e0f028 -
  mediaselect e06d/e0ed e050/e0f050 -
  mail e06c/e0ec e048/e0f048 -
  calculator e021/e0a1 e02b/e0f02b -
  computer e06b/e0eb e040/e0f040 -
  ac_home e032/e0b2 e03a/e0f03a -
  ac_back e06a/e0ea e038/e0f038 -
  ac_forward e069/e0e9 e030/e0f030 -
  ac_refresh e067/e0e7 e020/e0f020 -
  ac_bookmarks e066/e0e6 e018/e0f018 -
  menu / / /
  again / / /
  props / / /
  undo / / /
  front / / /
  copy / / /
  open / / /
  paste / / /
  find / / /
  cut / / /
  lf / / /
  help / / /
  lang1 / / /
  lang2 / / /
`
  .trim()
  .split('\n')
  .map((line) => line.trim().split(' ') as [KeyName, string, string, string]);

function typed(key: KeyName, commandByte: number, set: number): string {
  const clock = new VirtualClock();
  const kbc = new Kbc8042({ clock, keyboardIrq: { set: () => {} } });
  const drain = (): string => {
    const bytes: number[] = [];
    for (clock.advanceTo(clock.now + 50_000); kbc.readPort(1, 8) & 1; clock.advanceTo(clock.now + 50_000)) {
      bytes.push(kbc.readPort(0, 8));
    }
    return Buffer.from(bytes).toString('hex');
  };
  kbc.writePort(1, 8, 0x60);
  kbc.writePort(0, 8, commandByte);
  for (const byte of [0xf0, set, 0xf8]) {
    kbc.writePort(0, 8, byte); // F8h: every key of set 3 has a break code
    drain();
  }
  kbc.press(key);
  const make = drain();
  kbc.release(key);
  return `${make}/${drain()}`;
}

describe('scan codes', () => {
  it('are recorded for every key', () => {
    expect(RECORDED.map(([key]) => key).sort()).toEqual([...KEY_NAMES].sort());
  });

  it.each(RECORDED)('of %s', (key, set1, set2, set3) => {
    expect(typed(key, 0x44, 2)).toBe(set1); // translated by the controller
    expect(typed(key, 0x04, 1)).toBe(set1); // sent by the keyboard itself
    expect(typed(key, 0x04, 2)).toBe(set2);
    if (set3 !== '-') expect(typed(key, 0x04, 3)).toBe(set3);
  });
});
