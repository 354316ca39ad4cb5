/**
 * An interrupt on its way to the local APICs: from an I/O APIC, or as a message-signalled interrupt.
 *
 * @source SDM Vol. 3A "Valid Interrupt Vectors", "Determining IPI Destination"
 */
export interface InterruptMessage {
  /** 0 to 255. */
  readonly vector: number;
  /** 0 fixed, 1 lowest priority, 2 SMI, 4 NMI, 5 INIT, 7 ExtINT. */
  readonly deliveryMode: number;
  /** The destination field, 8 bits: an APIC ID, or a set of logical IDs. */
  readonly destination: number;
  readonly isLogical: boolean;
  readonly isLevelTriggered: boolean;
}
