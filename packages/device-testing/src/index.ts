/** The conformance suite of the device contract: run it on every part. It throws, so it works under any test runner. */
export { type CheckSummary, checkDevice } from './check-device.ts';
export { checkRestore } from './check-restore.ts';
export { ConformanceError } from './conformance-error.ts';
export { Random } from './random.ts';
export type { Device, DeviceDescription, DeviceWorld } from './world.ts';
