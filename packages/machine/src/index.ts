/** The backplane of a machine: what its parts are plugged into. */
export {
  DISCONNECTED,
  fanOut,
  inputLine,
  type LineEdge,
  LineRecorder,
  type NumberedInputs,
  OrWire,
  type OrWireState,
} from './lines.ts';
export { MACHINE_STATE_VERSION, Machine, type MachineState } from './machine.ts';
export { MachineError, type MachineErrorCode } from './machine-error.ts';
export { MemoryMap, type MemoryMapEvents, type MemoryRegion, type UnclaimedMemory } from './memory-map.ts';
export { PortBus, type PortBusEvents, type PortClaim, type PortWindow, type UnclaimedPort } from './port-bus.ts';
export { VirtualClock, type VirtualClockState } from './virtual-clock.ts';
