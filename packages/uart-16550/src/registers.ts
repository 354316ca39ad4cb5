/**
 * Register bits of the 16550A that are used here.
 *
 * @source National Semiconductor PC16550D data sheet, "Registers" and table II
 */

export const IER_RDA = 0x01;
export const IER_THRE = 0x02;
export const IER_LINE_STATUS = 0x04;
export const IER_MODEM_STATUS = 0x08;

export const IIR_NONE = 0x01;
export const IIR_MODEM_STATUS = 0x00;
export const IIR_THRE = 0x02;
export const IIR_RDA = 0x04;
export const IIR_LINE_STATUS = 0x06;
export const IIR_TIMEOUT = 0x0c;
export const IIR_FIFOS = 0xc0;

export const FCR_ENABLE = 0x01;
export const FCR_RESET_RECEIVER = 0x02;
export const FCR_RESET_TRANSMITTER = 0x04;
/** What is kept of a write: enable, DMA mode, and the trigger level. */
export const FCR_KEPT = 0xc9;

const LCR_WORD_LENGTH = 0x03;
const LCR_STOP = 0x04;
const LCR_PARITY = 0x08;
export const LCR_BREAK = 0x40;
export const LCR_DLAB = 0x80;

export const MCR_DTR = 0x01;
export const MCR_RTS = 0x02;
export const MCR_OUT1 = 0x04;
export const MCR_OUT2 = 0x08;
export const MCR_LOOP = 0x10;

export const LSR_DR = 0x01;
export const LSR_OE = 0x02;
const LSR_PE = 0x04;
export const LSR_FE = 0x08;
export const LSR_BI = 0x10;
export const LSR_THRE = 0x20;
export const LSR_TEMT = 0x40;
export const LSR_FIFO_ERROR = 0x80;
export const LSR_ERRORS: number = LSR_OE | LSR_PE | LSR_FE | LSR_BI;

export const MSR_TERI = 0x04;
export const MSR_CTS = 0x10;
export const MSR_DSR = 0x20;
export const MSR_RI = 0x40;
export const MSR_DCD = 0x80;

export const FIFO_SIZE = 16;

/** Nanoseconds of half a bit are this times the divisor: eight periods of the 1.8432 MHz clock. */
const HALF_BIT_NUMERATOR = 78_125;
const HALF_BIT_DENOMINATOR = 18;

/**
 * @param lcr line control: word length, parity and stop bits
 * @param divisor the divisor latch; 0 counts as 65,536
 * @returns how long one character takes on the line, in nanoseconds, rounded up
 */
export function characterTicks(lcr: number, divisor: number): number {
  const wordLength = 5 + (lcr & LCR_WORD_LENGTH);
  const stopHalves = (lcr & LCR_STOP) === 0 ? 2 : wordLength === 5 ? 3 : 4;
  const halves = 2 * (1 + wordLength + (lcr & LCR_PARITY ? 1 : 0)) + stopHalves;
  return Math.ceil((halves * (divisor || 0x1_0000) * HALF_BIT_NUMERATOR) / HALF_BIT_DENOMINATOR);
}
