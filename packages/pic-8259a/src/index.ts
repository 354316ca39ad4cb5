/** One Intel 8259A; a PC has two, wired by their cascade lines. */
export { type CascadedPic, Pic8259a, type Pic8259aDependencies } from './pic-8259a.ts';
export { Pic8259aError, type Pic8259aExpects, type Pic8259aState } from './pic-state.ts';
