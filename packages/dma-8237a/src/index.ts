export {
  Dma8237a,
  type Dma8237aDependencies,
  type DmaBus,
  type DmaPeripheral,
} from './dma-8237a.ts';
export { Dma8237aError, type Dma8237aErrorCode } from './dma-error.ts';
export type { Dma8237aState, DmaChannelState } from './dma-state.ts';
export { type DmaMemory, DmaPageRegisters, type DmaPageState } from './page-registers.ts';
export { atEverySecondPort } from './stride.ts';
