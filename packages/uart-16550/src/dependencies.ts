import type { Clock, InterruptLine } from '@longmode/device';
import type { ModemInputs } from './modem.ts';

/** What a 16550A is wired to. */
export interface Uart16550Dependencies {
  clock: Clock;
  /** Unique in the machine, such as `com1`. */
  name: string;
  /** The interrupt, which OUT2 lets through as on a PC. */
  interrupt: InterruptLine;
  /** Takes every byte that leaves the transmitter. */
  onTransmit?: (byte: number) => void;
  /**
   * The pace of the transmitter. `instant`, the default: a byte leaves with the write, and the transmitter is always empty, so
   * that a guest that polls for it loses no time. `baud`: a byte takes the time that its bits take at the programmed speed.
   * The receiver always takes the latter.
   */
  timing?: 'instant' | 'baud';
  /**
   * When the other end holds its bytes back. `none`, the default: while the receiver is full. `rts`: also while the guest does
   * not assert RTS.
   */
  flowControl?: 'none' | 'rts';
  /** How many bytes the other end may be ahead of the receiver; 65,536 unless told. */
  inputLimit?: number;
  /** Levels at the modem inputs after power-on; all asserted but RI unless told. */
  modemInputs?: Partial<ModemInputs>;
}
