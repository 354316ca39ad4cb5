// Runs a static Linux program, for x86-64 or i386, on the processor alone: as much of the system calls and of the signals as
// test programs ask for. What is not there answers ENOSYS. There are no files: the program has its standard streams.
import { EM_386, PT_LOAD, parseElf, segmentBytes } from '@longmode/elf';
import { enterHandler, returnFromHandler, SIGNALS } from './linux-signals.mjs';
import { SYSTEM_CALLS_32, SYSTEM_CALLS_64 } from './linux-system-calls.mjs';
import { EXECUTE, ProcessMachine, READ, USER_CODE_32, USER_CODE_64, USER_DATA, WRITE } from './process-machine.mjs';

const PAGE = 0x1000;
const STACK_SIZE_BYTES = 0x10_0000;
const HEAP_MAX_BYTES = 0x400_0000;
const PLACES = {
  32: { stackTop: 0xffff_d000, mappings: 0xf700_0000 },
  64: { stackTop: 0x7fff_ffff_d000, mappings: 0x7fff_f700_0000 },
};
const pageUp = (address) => Math.ceil(address / PAGE) * PAGE;
const pageDown = (address) => Math.floor(address / PAGE) * PAGE;

export class LinuxProcess {
  /** What was written to standard output, and to standard error. @type {Uint8Array[]} */
  output = [];
  /** @type {Uint8Array[]} */
  errors = [];
  /** @type {number | undefined} */
  exitCode;
  /** The signal that ended it, if one did. @type {number | undefined} */
  endedBy;
  /** @type {Map<number, { handler: number, flags: number, restorer: number, mask: bigint }>} */
  actions = new Map();
  signalMask = 0n;
  /** @type {{ base: number, size: number } | undefined} */
  alternateStack;
  /** Signals that wait: number and what their information says. @type {{ number: number, code: number, address: number }[]} */
  pending = [];
  /** Address ranges that get pages when they are touched. @type {{ start: number, end: number, protection: number }[]} */
  #regions = [];

  /**
   * @param {Uint8Array} file a static ELF program
   * @param {{ args?: string[], environment?: string[], engine?: string, model?: object }} options
   */
  constructor(file, { args = ['program'], environment = [], ...cpuOptions } = {}) {
    this.machine = new ProcessMachine(cpuOptions);
    const elf = parseElf(file);
    this.is32 = elf.header.machine === EM_386;
    this.wordSize = this.is32 ? 4 : 8;
    const { stackTop, mappings } = PLACES[this.is32 ? 32 : 64];
    this.mappingsAt = mappings;
    let end = 0;
    for (const segment of elf.segments.filter(({ type }) => type === PT_LOAD)) {
      const start = Number(segment.virtualAddress);
      const stop = start + Number(segment.memorySize);
      const protection =
        (segment.flags & 4 ? READ : 0) | (segment.flags & 2 ? WRITE : 0) | (segment.flags & 1 ? EXECUTE : 0);
      this.machine.map(pageDown(start), pageUp(stop), protection);
      this.machine.write(start, segmentBytes(elf, segment));
      end = Math.max(end, pageUp(stop));
    }
    this.heapStart = end;
    this.heapEnd = end;
    this.addRegion(stackTop - STACK_SIZE_BYTES, stackTop, READ | WRITE);
    const rsp = this.#buildStack(elf, stackTop, args, environment);
    this.frame = {
      rip: elf.header.entry,
      cs: this.is32 ? USER_CODE_32 : USER_CODE_64,
      rflags: 0x202,
      rsp: BigInt(rsp),
      ss: USER_DATA,
    };
    if (this.is32) for (const index of [0, 3]) this.machine.loadSegment(index, USER_DATA);
  }

  /** Argument count, arguments, environment and the auxiliary vector. */
  #buildStack(elf, top, args, environment) {
    this.machine.map(top - STACK_SIZE_BYTES / 4, top, READ | WRITE);
    let at = top - 16;
    const place = (bytes) => {
      at -= bytes.length;
      this.machine.write(at, bytes);
      return at;
    };
    const text = (value) => place(Buffer.from(`${value}\0`, 'latin1'));
    const platform = text(this.is32 ? 'i686' : 'x86_64');
    const random = place(Uint8Array.from({ length: 16 }, (_, i) => i * 17));
    const environmentAt = environment.map(text);
    const argsAt = args.map(text);
    const headers = Number(elf.header.programHeaderOffset);
    const first = elf.segments.find(
      ({ type, offset, fileSize }) =>
        type === PT_LOAD && Number(offset) <= headers && headers < Number(offset + fileSize),
    );
    const headersAt = first === undefined ? 0 : Number(first.virtualAddress) + headers - Number(first.offset);
    const auxiliary = [
      [3, headersAt],
      [4, elf.header.programHeaderSize],
      [5, elf.segments.length],
      [6, PAGE],
      [9, Number(elf.header.entry)],
      [11, 0],
      [12, 0],
      [13, 0],
      [14, 0],
      [15, platform],
      [17, 100],
      [23, 0],
      [25, random],
      [0, 0],
    ];
    const words = [args.length, ...argsAt, 0, ...environmentAt, 0, ...auxiliary.flat()];
    at = Math.floor((at - words.length * this.wordSize) / 16) * 16;
    for (const [i, word] of words.entries()) this.writeWord(at + i * this.wordSize, word);
    return at;
  }

  writeWord(address, value) {
    const bytes = Buffer.alloc(this.wordSize);
    if (this.is32) bytes.writeUInt32LE(Number(value) >>> 0);
    else bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
    return this.writeBytes(address, bytes);
  }
  readWord(address) {
    const bytes = Buffer.from(this.readBytes(address, this.wordSize) ?? new Uint8Array(this.wordSize));
    return this.is32 ? bytes.readUInt32LE() : Number(bytes.readBigUInt64LE());
  }
  /** As the kernel reads and writes: pages that were never touched are made. */
  readBytes(address, length) {
    this.#touch(address, length);
    return this.machine.read(address, length);
  }
  writeBytes(address, bytes) {
    this.#touch(address, bytes.length);
    return this.machine.write(address, bytes);
  }
  #touch(address, length) {
    for (let page = pageDown(address); page < address + length; page += PAGE) this.#provide(page);
  }

  addRegion(start, end, protection) {
    this.removeRegion(start, end);
    this.#regions.push({ start, end, protection });
  }
  /** Takes a range of addresses away, from what is mapped and from what would be. */
  removeRegion(start, end) {
    this.#regions = this.#regions.flatMap((region) => {
      const { protection } = region;
      if (region.end <= start || region.start >= end) return [region];
      return [
        { start: region.start, end: start, protection },
        { start: end, end: region.end, protection },
      ].filter((part) => part.start < part.end);
    });
  }
  /** mmap without an address. */
  newMapping(length, protection) {
    this.mappingsAt -= pageUp(length);
    this.addRegion(this.mappingsAt, this.mappingsAt + pageUp(length), protection);
    return this.mappingsAt;
  }
  protect(start, end, protection) {
    for (let page = start; page < end; page += PAGE) {
      if (this.machine.isMapped(page)) this.machine.map(page, page + PAGE, protection);
    }
    const covered = this.#regions.some((region) => region.start < end && region.end > start);
    if (covered) this.addRegion(start, end, protection);
  }
  moveBreak(end) {
    if (end < this.heapStart || end > this.heapStart + HEAP_MAX_BYTES) return this.heapEnd;
    if (end > this.heapEnd) this.addRegion(pageUp(this.heapEnd), pageUp(end), READ | WRITE);
    this.heapEnd = end;
    return end;
  }
  /** Gives a page where one was promised. @returns {boolean} */
  #provide(address) {
    const page = pageDown(address);
    if (this.machine.isMapped(page)) return false;
    const region = this.#regions.find(({ start, end }) => page >= start && page < end);
    if (region === undefined || region.protection === 0) return false;
    this.machine.map(page, page + PAGE, region.protection);
    return true;
  }

  /** Runs to the end. @param {{ limit?: number }} options instructions at most */
  run({ limit = 4e9 } = {}) {
    const { cpu } = this.machine;
    const end = cpu.instructionCount + limit;
    while (this.exitCode === undefined && this.endedBy === undefined) {
      const entry = this.machine.enter(this.frame, end - cpu.instructionCount);
      if (entry === undefined) throw new Error(`the program does not end: at ${cpu.state.rip.toString(16)}`);
      this.frame = entry;
      if (entry.kind === 'syscall') this.#systemCall(SYSTEM_CALLS_64, [7, 6, 2, 10, 8, 9]);
      else if (entry.vector === 0x80) this.#systemCall(SYSTEM_CALLS_32, [3, 1, 2, 6, 7, 5]);
      else this.#exception(entry);
      if (this.pending.length > 0 && this.exitCode === undefined) this.#deliver();
    }
    return this;
  }

  #systemCall(calls, argumentRegisters) {
    const { state } = this.machine.cpu;
    const isNarrow = calls === SYSTEM_CALLS_32;
    const read = (i) => (isNarrow ? state.gpr32(i) : Number(BigInt.asUintN(64, state.gpr(i))));
    const number = state.gpr32(0);
    const call = calls[number];
    const result = call === undefined ? -38 : call(this, ...argumentRegisters.map(read));
    if (result === 'restored') return;
    const value = BigInt(result);
    state.setGpr(0, isNarrow ? BigInt.asUintN(32, value) : BigInt.asUintN(64, value));
  }

  #exception(entry) {
    const { vector, errorCode } = entry;
    if (vector === 14) {
      const address = Number(this.machine.faultAddress);
      if ((errorCode & 1) === 0 && this.#provide(address)) return;
    }
    const { number, code, address } = this.#signalOf(entry);
    this.pending.push({ number, code, address, vector, errorCode, isFault: true });
  }
  #signalOf({ vector, errorCode, rip }) {
    const { number, code, isAtInstruction } = SIGNALS[vector] ?? { number: 11, code: 0x80 };
    if (vector === 14) return { number, code: errorCode & 1 ? 2 : 1, address: Number(this.machine.faultAddress) };
    return { number, code, address: isAtInstruction ? Number(rip) : 0 };
  }

  #deliver() {
    const signal = this.pending.shift();
    const action = this.actions.get(signal.number);
    const isBlocked = ((this.signalMask >> BigInt(signal.number - 1)) & 1n) === 1n;
    if (isBlocked && !signal.isFault) {
      this.pending.push(signal);
      return;
    }
    const isDefault = action === undefined || action.handler === 0;
    if (!isDefault && action.handler === 1 && !signal.isFault) return;
    if (isDefault || isBlocked || action.handler === 1) {
      this.endedBy = signal.number;
      return;
    }
    if (!enterHandler(this, signal, action)) this.endedBy = 11;
  }
  returnFromHandler(kind) {
    returnFromHandler(this, kind);
    return 'restored';
  }

  /** Where FS or GS begins, as ARCH_SET_FS and ARCH_SET_GS say. */
  setSegmentBase(index, base) {
    const { cpu } = this.machine;
    cpu.state.segments[index].base = BigInt(base);
    cpu.synchronize();
  }
  segmentBase(index) {
    return Number(this.machine.cpu.state.segments[index].base);
  }
}
