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
