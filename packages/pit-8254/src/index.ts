/** An Intel 8254 with the clock of a PC, and the PC's port 61h beside it. */
export type { ChannelState, PitAccess } from './channel.ts';
export type { CounterState, PitMode } from './counter.ts';
export { Pit8254, type Pit8254Dependencies, type PitChannelView } from './pit-8254.ts';
export { cyclesAt, PIT_FREQUENCY_HZ, tickOfCycle } from './pit-cycles.ts';
export { Pit8254Error, type Pit8254State } from './pit-state.ts';
export {
  SystemControlPortB,
  type SystemControlPortBDependencies,
  type SystemControlPortBState,
} from './system-control-port-b.ts';
