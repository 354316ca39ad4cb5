// The workloads of the bench guests once more, in another language and in another way: on 32-bit halves, with the
// language's own sort, maps and patterns.

/** Two 32-bit halves as the guests print them. */
const hex = (high: number, low: number): string =>
  [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');

/** The high half of a sum of 64-bit numbers in halves, whose low half came out as `low`. */
const addHigh = (high: number, otherHigh: number, low: number, otherLow: number): number =>
  (high + otherHigh + (low >>> 0 < otherLow >>> 0 ? 1 : 0)) | 0;

/** Marsaglia's xorshift32, from the seed that all guests have. */
function randomNumbers(): () => number {
  let state = 2463534242;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

const fold = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 0);

/** Rises a thousand times and falls back. */
const rampAt = (i: number): number => (i % 1000) * 1000 - i;

/** A reflected CRC's table for whole bytes. */
const crcTable = (polynomial: number): readonly number[] =>
  Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc % 2 === 0 ? 0 : polynomial);
    return crc >>> 0;
  });

const CRC16 = crcTable(0xa001);
const CRC32 = crcTable(0xedb88320);

const updateCrc = (table: readonly number[], start: number, bytes: Uint8Array): number =>
  bytes.reduce((crc, byte) => (crc >>> 8) ^ (table[(crc ^ byte) & 255] ?? 0), start);

/** Of 32-bit numbers. */
const crc16 = (crc: number, values: readonly number[]): number =>
  updateCrc(CRC16, crc, new Uint8Array(Uint32Array.from(values).buffer));

const crc32 = (crc: number, bytes: Uint8Array): number => ~updateCrc(CRC32, ~crc, bytes);

/** Keys in order with their places before, then what was found of other keys. */
function sortAndFind(next: () => number): number[] {
  const nodes = Array.from({ length: 400 }, (_, place) => ({ key: next() >>> 20, place }));
  nodes.sort((a, b) => a.key - b.key);
  const found = Array.from({ length: 40 }, () => {
    const wanted = next() >>> 20;
    return nodes.find(({ key }) => key >= wanted)?.place ?? wanted;
  });
  return [...nodes.map(({ key, place }) => (key << 16) | place), ...found];
}

/** The product's cells, row by row. */
function multiplyMatrices(next: () => number): number[] {
  const places = Array.from({ length: 24 }, (_, index) => index);
  const left = places.map(() => places.map(() => next() >> 16));
  const right = left.map((cells, row) => cells.map((cell, column) => (cell >> 4) ^ (row * column)));
  const columns = places.map((column) => right.map((cells) => cells[column] ?? 0));
  return left.flatMap((row) =>
    columns.map((column) => row.reduce((sum, cell, i) => sum + Math.imul(cell, column[i] ?? 0), 0)),
  );
}

const WORD_KINDS = [/^$/, /^[a-z]+$/, /^-$/, /^-?\d+$/, /^-?\d+\.\d*$/, /^/];

/** Writes a text, and counts its words of each kind; one that the text's end cuts off does not count. */
function countWords(next: () => number, text: Uint8Array): number[] {
  const characters = '   0123456789..--abc de f01234  ';
  for (let i = 0; i < text.length; i++) text[i] = characters.charCodeAt(next() >>> 27);
  const words = String.fromCharCode(...text).split(' ');
  const kinds = words.slice(0, -1).map((word) => WORD_KINDS.findIndex((pattern) => pattern.test(word)));
  return WORD_KINDS.map((_, kind) => kinds.filter((other) => other === kind).length);
}

/** What each workload finds, as it prints it. */
export const workloads: Readonly<Record<string, () => string>> = {
  xorshift64() {
    const seed = 88172645463325252n;
    let high = Number(seed >> 32n) | 0;
    let low = Number(seed & 0xffffffffn) | 0;
    let odd = 0;
    for (let i = 0; i < 24_000_000; i++) {
      high ^= (high << 13) | (low >>> 19);
      low ^= low << 13;
      low ^= (low >>> 7) | (high << 25);
      high ^= high >>> 7;
      high ^= (high << 17) | (low >>> 15);
      low ^= low << 17;
      odd += low & 1;
    }
    const sum = (low + odd) | 0;
    return hex(addHigh(high, 0, sum, odd), sum);
  },
  sieve() {
    const composite = new Uint8Array(1 << 20);
    let primes = 0n;
    for (let n = 2; n < composite.length; n++) {
      if (composite[n] !== 0) continue;
      primes += BigInt(n);
      for (let multiple = 2 * n; multiple < composite.length; multiple += n) composite[multiple] = 1;
    }
    return (primes * 10n).toString(16).padStart(16, '0');
  },
  fibonacci() {
    let [previous, current] = [0n, 1n];
    for (let i = 1; i < 32; i++) [previous, current] = [current, previous + current];
    return current.toString(16).padStart(16, '0');
  },
  checksum() {
    const words = (1 << 20) / 8;
    const highs = new Int32Array(words);
    const lows = new Int32Array(words);
    let high = 0;
    let low = 0;
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < words; i++) {
        const mixed = (lows[i] ?? 0) ^ round;
        low = (low + mixed) | 0;
        high = addHigh(high, highs[i] ?? 0, low, mixed);
        highs[i] = high;
        lows[i] = low;
      }
    }
    return hex(high, low);
  },
  copy() {
    const size = 1 << 17;
    const longest = 1 << 14;
    const from = Uint8Array.from({ length: size }, (_, i) => i ^ (i >> 8));
    const to = from.slice();
    const next = randomNumbers();
    for (let round = 0; round < 42_000; round++) {
      const number = next();
      const count = (number % longest) >> ((number >>> 16) % 12);
      const source = (number >>> 7) % (size - longest);
      const target = (number >>> 11) % (size - longest);
      const kind = round % 6;
      if (kind === 0 || kind === 3) to.set(from.subarray(source, source + count), target);
      else if (kind === 2 || kind === 5) from.set(to.subarray(source, source + count), target);
      else if (kind === 4) to.copyWithin(source + (count >> 2), source, source + count - (count >> 2));
      else for (let i = 0; i < (count & ~7); i++) from[source + i] = number >>> (8 * (i % 4));
    }
    return hex(fold(from), fold(to));
  },
  hashtable() {
    const values = new Map<number, number>();
    const next = randomNumbers();
    let sum = 0;
    for (let i = 0; i < 2_400_000; i++) {
      const number = next();
      const key = number % 98_304;
      const value = values.get(key);
      if (value !== undefined) sum = Math.imul(sum, 33) + value;
      if (number >>> 30 === 0) values.delete(key);
      if (number >>> 30 === 1) values.set(key, number ^ i);
    }
    return hex(values.size, sum);
  },
  quicksort() {
    const count = 100_000;
    const next = randomNumbers();
    const sums: [number, number] = [0, 0];
    const orders = [next, () => (next() % 50) - 25, (i: number) => 7 * i, (i: number) => -3 * i, rampAt];
    for (let round = 0; round < 3; round++) {
      for (const order of orders) {
        const sorted = new Int32Array(count).map((_, i) => order(i)).sort();
        for (let i = 0; i < count; i += 2) {
          sums[0] = (Math.imul(sums[0], 31) + (sorted[i] ?? 0)) | 0;
          sums[1] = (Math.imul(sums[1], 31) + (sorted[i + 1] ?? 0)) | 0;
        }
      }
    }
    return hex(...sums);
  },
  // What the program for the guest's machine does, written out.
  bytecode() {
    const cells = new Uint32Array(256);
    let [odd, sum] = [0, 0];
    for (let i = 0; i < 1500; i++) {
      for (let j = 0; j < 800; j++) {
        const index = (i * 0x4e6d + j) % 256;
        const product = Math.imul(cells[index] ?? 0, 0x4e6d) + j;
        const x = product ^ ((product >>> 0) >>> 13);
        cells[index] = x;
        sum = (sum + x) | 0;
        if (x % 2 === 0) continue;
        odd += 1;
        sum ^= j;
        cells[(sum >>> 7) % 256] = sum;
      }
    }
    return hex(odd, sum);
  },
  syscall() {
    const spaces = [new Uint32Array(1024), new Uint32Array(1024)] as const;
    let page: Uint32Array = spaces[0];
    const next = randomNumbers();
    let [kernel, user] = [0, 0];
    for (let i = 0; i < 400_000; i++) {
      const number = next();
      user = (user + (page[number % 1024] ?? 0)) | 0;
      page[number % 1024] = user ^ number;
      const at = number % 1008;
      const eighth = number >>> 29;
      if (eighth < 4) {
        kernel = (Math.imul(kernel, 1_664_525) + number) | 0;
        user += kernel >>> 8;
      } else if (eighth < 6) {
        const added = kernel;
        page.subarray(at, at + 16).forEach((word, index, words) => {
          words[index] = word + added + index;
        });
        user += 16;
      } else if (eighth === 6) {
        kernel = page.subarray(at, at + 16).reduce((sum, word) => (Math.imul(sum, 31) + word) | 0, kernel);
        user += 16;
      } else {
        page = page === spaces[0] ? spaces[1] : spaces[0];
        user += number % 2;
      }
    }
    return hex(kernel, user);
  },
  mix() {
    const next = randomNumbers();
    const text = new Uint8Array(1600);
    const crcs = new Uint32Array(3);
    let sum = 0;
    for (let round = 0; round < 250; round++) {
      crcs[0] = crc16(crcs[0] ?? 0, sortAndFind(next));
      crcs[1] = crc16(crcs[1] ?? 0, multiplyMatrices(next));
      crcs[2] = crc16(crcs[2] ?? 0, countWords(next, text));
      sum = crc32(sum, text);
      sum = crc32(sum, new Uint8Array(crcs.buffer));
    }
    const [list = 0, matrices = 0, words = 0] = crcs;
    return hex(list ^ (matrices << 16) ^ (words << 8), sum);
  },
};
