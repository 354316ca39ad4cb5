/** What the CPU consumes. Types only; whoever wires a machine provides them. */

/** Width of a port or memory access, in bits. */
export type AccessWidth = 8 | 16 | 32;

/** The I/O address space. Values are unsigned. */
export interface PortIo {
  readPort(port: number, width: AccessWidth): number;
  writePort(port: number, width: AccessWidth, value: number): void;
}

/** Physical addresses that are not RAM: device memory. Reads of nothing give all ones. 64-bit accesses come as two. */
export interface MemoryIo {
  readMemory(address: number, width: AccessWidth): number;
  writeMemory(address: number, width: AccessWidth, value: number): void;
}

/** The interrupt controller: what answers the INTA cycles. */
export interface InterruptSource {
  /** @returns the vector of the highest pending request, which becomes in service */
  acknowledge(): number;
}

/** The pins by which a PC reports x87 exceptions while CR0.NE is clear. @source SDM Vol. 1, the appendix on FERR# and IGNNE# */
export interface CoprocessorErrorPins {
  /** IGNNE#: instructions go on in spite of an exception. */
  readonly isIgnored: boolean;
  /** FERR# is active: an instruction has an exception to report. It begins again until that is taken away, or ignored. */
  signal(): void;
  /** FERR# is inactive: called while exceptions are ignored, by an instruction that finds none. */
  release(): void;
}

/** The processor's local APIC, as its instructions see it. */
export interface LocalApic {
  /** Whether IA32_APIC_BASE enables it, which CPUID tells. */
  readonly isEnabled: boolean;
  /** Bits 7:4 of the task-priority register: CR8. */
  taskPriorityClass: number;
  /**
   * @param index IA32_APIC_BASE, IA32_TSC_DEADLINE, or 800H to BFFH
   * @returns 64 bits; undefined for an MSR that cannot be read, which is #GP
   */
  readMsr(index: number): bigint | undefined;
  /** @returns why the value is refused, as a clause that follows "the value", which is #GP; undefined when it is written */
  writeMsr(index: number, value: bigint): string | undefined;
  /** The time-stamp counter was written: it is not where it was. */
  timeStampCounterChanged(): void;
}
