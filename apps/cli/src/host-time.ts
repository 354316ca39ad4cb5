/** @returns milliseconds since the process started; for `performance.now()` Node would load a library first */
export function hostTimeMs(): number {
  return process.uptime() * 1000;
}
