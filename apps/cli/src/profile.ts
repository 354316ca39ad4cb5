/** What `--profile` prints: where the guest's instructions ran. */
import { type CodePlaces, describePlace, type Pc } from '@longmode/pc';

type UnitProfile = NonNullable<Pc['cpu']['jitProfile']>[number];

/** Units told at most; the rest is summed up. */
const ROWS_MAX = 20;

const percent = (part: number, whole: number): string => `${whole === 0 ? '0.0' : ((100 * part) / whole).toFixed(1)} %`;

function exitsText({ exits }: UnitProfile): string {
  const told = Object.entries(exits).filter(([, count]) => count > 0);
  return told
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ');
}

/**
 * @returns lines: the share of each engine, the compiler's work, and the hottest regions with their addresses, functions
 * and the reasons why they were left
 */
export function profileLines(pc: Pc, places: CodePlaces): string[] {
  const total = pc.cpu.instructionCount;
  const units = pc.cpu.jitProfile ?? [];
  const compiled = units.reduce((sum, { instructions }) => sum + instructions, 0);
  const statistics = pc.cpu.jitStatistics;
  const lines = [
    `${total} instructions: ${percent(compiled, total)} in compiled code, ${percent(total - compiled, total)} interpreted`,
  ];
  if (statistics) {
    const { compiled: count, dropped, instructions, bytes, milliseconds } = statistics;
    lines.push(
      `${count} regions compiled in ${milliseconds.toFixed(0)} ms (${instructions} instructions, ${bytes} bytes), ${dropped} dropped`,
    );
  }
  if (units.length === 0) return lines;
  lines.push('   share  instructions  size  compiled  address             left because of');
  for (const unit of units.slice(0, ROWS_MAX)) {
    const place = places.lookup(unit.address);
    const address = `0x${unit.address.toString(16)}`;
    lines.push(
      [
        percent(unit.instructions, total).padStart(8),
        String(unit.instructions).padStart(13),
        String(unit.size).padStart(5),
        String(unit.compilations).padStart(9),
        ` ${address.padEnd(19)}`,
        exitsText(unit),
      ].join(' '),
    );
    if (place !== null) lines.push(`${' '.repeat(40)}${describePlace(place)}`);
  }
  const rest = units.slice(ROWS_MAX);
  if (rest.length > 0) {
    const ran = rest.reduce((sum, { instructions }) => sum + instructions, 0);
    lines.push(`${percent(ran, total).padStart(8)} ${String(ran).padStart(13)} in ${rest.length} more`);
  }
  return lines;
}
