/** A 16550A serial port with the wiring of a PC. */
export type { Uart16550Dependencies } from './dependencies.ts';
export type { ModemInputs, ModemOutputs } from './modem.ts';
export { Uart16550 } from './uart-16550.ts';
export { Uart16550Error, type Uart16550State } from './uart-state.ts';
