/**
 * @param mask eight bits, one for each input
 * @param lowest the input of lowest priority, 0 to 7; the one after it, counted round, has the highest
 * @returns how far the highest-priority bit of `mask` is from the top, 0 to 7, or 8 when no bit is set
 */
export function highestRank(mask: number, lowest: number): number {
  if (mask === 0) return 8;
  const top = (lowest + 1) & 7;
  const turned = ((mask >>> top) | (mask << (8 - top))) & 0xff;
  return 31 - Math.clz32(turned & -turned);
}

/** @returns the input that has `rank`, when `lowest` has the lowest priority */
export function inputOfRank(rank: number, lowest: number): number {
  return (lowest + 1 + rank) & 7;
}
