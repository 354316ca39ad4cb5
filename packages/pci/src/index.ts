/** PCI configuration mechanism #1, and the chipset of a PC of 1996. */
export { HOST_BRIDGE_82441FX, IDE_PIIX3, ISA_BRIDGE_PIIX3 } from './chipset.ts';
export {
  type BaseAddress,
  COMMAND_BUS_MASTER,
  COMMAND_IO,
  COMMAND_MEMORY,
  CONFIG_BASE_ADDRESSES,
  CONFIG_CLASS,
  CONFIG_COMMAND,
  CONFIG_DEVICE_ID,
  CONFIG_HEADER_TYPE,
  CONFIG_INTERRUPT_LINE,
  CONFIG_INTERRUPT_PIN,
  CONFIG_REVISION,
  CONFIG_SIZE_BYTES,
  CONFIG_STATUS,
  CONFIG_VENDOR_ID,
  type ConfigField,
  type ConfigLayout,
  ConfigSpace,
  HEADER_MULTIFUNCTION,
} from './config-space.ts';
export { bochsDisplay } from './display.ts';
export { PCI_CONFIG_ADDRESS, PCI_CONFIG_DATA, PciBus, type PciBusState } from './pci-bus.ts';
export { PciError, type PciErrorCode } from './pci-error.ts';
