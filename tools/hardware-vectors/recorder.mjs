// Runs cases in recorder.c and reads what came of them.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CODE_PAGES, codeBaseOf, DATA_ALIAS, DATA_PAGES, STATE, STATE_SIZE_BYTES } from '@longmode/x86-vectors';
import { descriptorOf } from './case-builder.mjs';
import { setupBytes } from './setup.mjs';
import { nothingUndefined, undefinedAnyway, undefinedParts } from './undefined.mjs';

const TEST_SIZE = STATE_SIZE_BYTES + 24;
const RESULT_SIZE = STATE_SIZE_BYTES + 24;
/** A repeated store of more bytes tells nothing more, and takes much room. */
const CHANGED_MAX = 640;
const JOINED_GAP_MAX = 6;
const VECTOR_DB = 1;
const VECTOR_BP = 3;
const VECTOR_OF = 4;
const VECTOR_PF = 14;
/** The recorder's word for a case that did not end. */
const VECTOR_NONE = 255;
const FLAG_RF = 0x10000;
/** Linux's own segment, which programs may load and ask about: its limit is the number of the processor at hand. */
const PROCESSOR_SEGMENT = 0x78;
const SELECTOR_QUERY = /^(LAR|LSL|VERR|VERW)$/;
/** Linux sets P for addresses that are not the program's, so as to say nothing about what is there: nothing was. */
const FOREIGN = 0x7fff_ffff_f000n;

export class Recorder {
  #path;
  #program;

  constructor({ work, dataSeed }) {
    this.#path = (name) => join(work, name);
    this.#program = this.#path('recorder');
    const source = new URL('recorder.c', import.meta.url).pathname;
    execFileSync('gcc', [
      '-O2',
      '-fno-stack-protector',
      '-fcf-protection=none',
      '-pie',
      '-Wl,-z,now',
      '-o',
      this.#program,
      source,
    ]);
    writeFileSync(this.#path('setup'), setupBytes(dataSeed));
    this.processor = processorOf(execFileSync(this.#program, ['--cpuid']).toString());
  }

  /** Runs the cases of items and gives those that can be used their `result`. */
  run(items, pattern) {
    writeFileSync(this.#path('cases'), inputOf(items.map((item) => item.case)));
    execFileSync(this.#program, ['setup', 'cases', 'results'].map(this.#path), { stdio: 'inherit' });
    const results = readFileSync(this.#path('results'));
    let at = 0;
    for (const item of items) {
      if (at >= results.length) throw new Error('the recorder stopped early');
      const piecesSize = results.readUInt32LE(at + STATE_SIZE_BYTES + 16);
      const bytes = results.subarray(at, at + RESULT_SIZE + piecesSize);
      item.result = resultOf(item, bytes, pattern);
      at += RESULT_SIZE + piecesSize;
    }
  }
}

function processorOf(text) {
  const cpuid = text
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const leaf = (number) =>
    cpuid
      .find(([name]) => name === number)
      ?.slice(2)
      .map((word) => Number.parseInt(word, 16)) ?? [0, 0, 0, 0];
  const letters = (words) => Buffer.from(new Uint32Array(words).buffer).toString('latin1').replaceAll('\0', '').trim();
  const [, b, c, d] = leaf('0');
  const [signature] = leaf('1');
  const baseFamily = (signature >> 8) & 15;
  return {
    vendor: letters([b, d, c]),
    name: letters(['80000002', '80000003', '80000004'].flatMap(leaf)),
    family: baseFamily + (baseFamily === 15 ? (signature >> 20) & 0xff : 0),
    model: ((signature >> 4) & 15) | (baseFamily === 6 || baseFamily === 15 ? (signature >> 12) & 0xf0 : 0),
    stepping: signature & 15,
    cpuid,
  };
}

function inputOf(cases) {
  const patchesSize = (test) => test.patches.reduce((sum, { bytes }) => sum + 8 + bytes.length, 0);
  const input = Buffer.alloc(cases.reduce((sum, test) => sum + TEST_SIZE + patchesSize(test), 0));
  let at = 0;
  for (const test of cases) {
    input.set(test.before, at);
    const cs = test.before[STATE.SELECTORS + 2] | (test.before[STATE.SELECTORS + 3] << 8);
    // Place in the code pages, and the base of CS.
    input.writeUInt32LE(test.place, at + STATE.RIP);
    input.writeUInt32LE(codeBaseOf(cs), at + STATE.RIP + 4);
    input.set(test.code, at + STATE_SIZE_BYTES);
    input[at + STATE_SIZE_BYTES + 16] = test.code.length;
    input[at + STATE_SIZE_BYTES + 17] = cs === 0x33 ? 1 : 0;
    input.writeUInt16LE(test.patches.length, at + STATE_SIZE_BYTES + 18);
    input.writeUInt32LE(patchesSize(test), at + STATE_SIZE_BYTES + 20);
    at += TEST_SIZE;
    for (const { offset, bytes } of test.patches) {
      input.writeUInt32LE(offset, at);
      input.writeUInt32LE(bytes.length, at + 4);
      input.set(bytes, at + 8);
      at += 8 + bytes.length;
    }
  }
  return input;
}

const isTrap = (vector) => vector === VECTOR_DB || vector === VECTOR_BP || vector === VECTOR_OF;

/** @returns the case for the corpus, or undefined where it ended among other cases' code, or tells of the operating system */
function resultOf({ case: test, row, codeSize }, bytes, pattern) {
  const { before, code, place, patches, instruction } = test;
  const after = Uint8Array.from(bytes.subarray(0, STATE_SIZE_BYTES));
  const view = new DataView(after.buffer);
  const selector = (state, segment) =>
    state[STATE.SELECTORS + 2 * segment] | (state[STATE.SELECTORS + 2 * segment + 1] << 8);
  const cs = selector(after, 1);
  const vector = bytes.readUInt32LE(STATE_SIZE_BYTES + 8);
  let errorCode = bytes.readUInt32LE(STATE_SIZE_BYTES + 12);
  if (vector === VECTOR_NONE) {
    console.log(`${row.mnemonic} ${row.operands} [${Buffer.from(code).toString('hex')}] does not end`);
    return undefined;
  }
  const rip = view.getBigUint64(STATE.RIP, true);
  const start = BigInt(CODE_PAGES + place);
  const linearOf = (offset) => offset + BigInt(cs === 0x33 ? 0 : (descriptorOf(cs)?.base ?? 0));
  const isOwnBreakpoint = row.mnemonic === 'INT3' || (row.mnemonic === 'INT' && code.at(-1) === 3);
  const isEnd = vector === VECTOR_BP && !(isOwnBreakpoint && linearOf(rip) === start + BigInt(code.length));
  if (isEnd) view.setBigUint64(STATE.RIP, BigInt.asUintN(cs === 0x33 ? 64 : 32, rip - 1n), true);
  const linear = linearOf(view.getBigUint64(STATE.RIP, true)) - BigInt(CODE_PAGES);
  const isOwn = linear >= BigInt(place) && linear <= BigInt(place + code.length);
  // In a batch, other instructions begin there.
  if (!isOwn && linear >= 0x1000n && linear < 0x2000n && (linear & 63n) < 16n) return undefined;
  // A fault has RF set. Where it is not, an interrupt came first, whose return has faulted in the instruction's place.
  if (!isEnd && !isTrap(vector) && (view.getUint32(STATE.RFLAGS, true) & FLAG_RF) === 0) return undefined;
  if (codeSize !== 64) clearUnused(view);
  // Bases of FS and GS are seen in 64-bit mode only.
  if (codeSize !== 64) {
    view.setBigUint64(STATE.FS_BASE, 0n, true);
    view.setBigUint64(STATE.GS_BASE, 0n, true);
  }
  const cr2 = vector === VECTOR_PF ? bytes.readBigUInt64LE(STATE_SIZE_BYTES) : 0n;
  if (vector === VECTOR_PF && cr2 >= FOREIGN) errorCode &= ~1;
  const exception = isEnd ? undefined : { vector, errorCode, cr2 };
  // An exception at another place is one of what follows.
  const isFault = !isEnd && !isTrap(vector) && linearOf(rip) === start && cs === selector(before, 1);
  const state = new DataView(before.buffer, before.byteOffset, STATE_SIZE_BYTES);
  const lookup = operandLookup(state, instruction, codeSize, code.length, { patches, pattern });
  const selectors = [0, 2, 3, 4, 5].map((segment) => selector(after, segment));
  if (SELECTOR_QUERY.test(row.mnemonic) && instruction !== undefined)
    selectors.push(Number(lookup.contentsOf(instruction.operands.at(-1)) & 0xffffn));
  if ([...selectors, errorCode].some((value) => (value & ~3) === PROCESSOR_SEGMENT)) return undefined;
  const parts = isFault ? nothingUndefined() : undefinedParts({ row, instruction, code, before: state, ...lookup });
  const pieces = [];
  for (let at = STATE_SIZE_BYTES + 24; at < bytes.length; ) {
    const size = bytes.readUInt32LE(at + 4);
    pieces.push({ offset: bytes.readUInt32LE(at), bytes: Uint8Array.from(bytes.subarray(at + 8, at + 8 + size)) });
    at += 8 + size;
  }
  const changes = joined(pieces, { patches, pattern });
  undefinedAnyway(parts, { row, instruction, isFault, before: state, after: view, changes });
  if (changes.reduce((sum, { bytes: changed }) => sum + changed.length, 0) > CHANGED_MAX) return undefined;
  return {
    code,
    place,
    before,
    after,
    patches: patches.map(({ offset, bytes: patch }) => ({ offset, bytes: Uint8Array.from(patch) })),
    changes,
    exception,
    undefinedParts: parts,
  };
}

/** Registers that 16-bit and 32-bit code does not see. */
function clearUnused(view) {
  for (let i = 0; i < 16; i++) {
    if (i >= 8) view.setUint32(8 * i, 0, true);
    view.setUint32(8 * i + 4, 0, true);
  }
  view.setUint32(STATE.RIP + 4, 0, true);
}

/** Pieces with few bytes between them as one: their offsets take more than the bytes. */
function joined(pieces, { patches, pattern }) {
  const result = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    const end = last === undefined ? 0 : last.offset + last.bytes.length;
    if (last === undefined || piece.offset - end > JOINED_GAP_MAX) {
      result.push(piece);
      continue;
    }
    const between = Array.from({ length: piece.offset - end }, (_, i) => byteBefore(end + i, patches, pattern));
    last.bytes = Uint8Array.of(...last.bytes, ...between, ...piece.bytes);
  }
  return result;
}

/** What a byte of the data pages was before. */
function byteBefore(offset, patches, pattern) {
  const patch = patches.findLast((one) => offset >= one.offset && offset < one.offset + one.bytes.length);
  return patch === undefined ? (pattern[offset] ?? 0) : patch.bytes[offset - patch.offset];
}

/** Where a memory operand is in the data pages, and what an operand holds. */
function operandLookup(view, instruction, codeSize, length, { patches, pattern }) {
  const gpr = (index) => view.getBigUint64(8 * index, true);
  const baseOf = (segment) => {
    if (codeSize === 64) {
      return segment === 4
        ? view.getBigUint64(STATE.FS_BASE, true)
        : segment === 5
          ? view.getBigUint64(STATE.GS_BASE, true)
          : 0n;
    }
    return BigInt(descriptorOf(view.getUint16(STATE.SELECTORS + 2 * segment, true))?.base ?? 0);
  };
  const addressOf = ({ base, index, scale, displacement, displacementHigh, segment }) => {
    const part = (number) =>
      number < 0 ? 0n : number === 16 ? view.getBigUint64(STATE.RIP, true) + BigInt(length) : gpr(number);
    const offset = (BigInt(displacementHigh) << 32n) | BigInt(displacement >>> 0);
    const effective = BigInt.asUintN(instruction.addressSize, part(base) + part(index) * BigInt(scale) + offset);
    let linear = BigInt.asUintN(codeSize === 64 ? 64 : 32, effective + baseOf(segment));
    if (linear >= DATA_ALIAS && linear < DATA_ALIAS + 0x3000n) linear += BigInt(DATA_PAGES) - DATA_ALIAS;
    return Number(linear - BigInt(DATA_PAGES));
  };
  const contentsOf = (operand) => {
    const bits = operand.width;
    if (operand.kind === 'register')
      return BigInt.asUintN(bits, gpr(operand.index) >> (operand.file === 'gpr8high' ? 8n : 0n));
    const start = addressOf(operand);
    const bytes = Array.from({ length: bits / 8 }, (_, i) => byteBefore(start + i, patches, pattern));
    return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  };
  return { addressOf, contentsOf };
}
