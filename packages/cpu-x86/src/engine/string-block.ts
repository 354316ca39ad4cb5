import { ES } from '../decode/instruction.ts';
import type { Value } from '../semantics/language.ts';
import type { StringBlock } from '../semantics/stage.ts';
import { FLAG_DF } from '../state/rflags.ts';
import type { EngineStage } from './engine-stage.ts';

const RAX = 0;
const RCX = 1;
const RSI = 6;
const RDI = 7;
/** Fewer elements than these are not worth the calls. */
const ELEMENTS_MIN = 16;

/**
 * Writes, before an iteration of a repeated MOVS or STOS, all iterations but the last that go upwards within one page each
 * of source and destination, as one copy or fill. What does not allow that (a page that the TLB does not know, an overlap
 * in which the copy would meet its own elements, a pattern longer than a byte) is left to the iterations one by one. Time is
 * taken for each element all the same.
 */
export function emitStringBlock(s: EngineStage, kind: StringBlock): void {
  const width = s.addressWidth;
  const isFlat = s.shape.implicitSegmentation === 'none' && (s.shape.addressing?.segmentation ?? 'none') === 'none';
  if (!isFlat || width !== (s.is64BitMode ? 64 : 32)) return;
  const sizeLog2 = Math.log2(s.width / 8);
  const least = (a: Value, b: Value): Value => s.let(s.select(s.ltS(a, b), a, b));
  /** Elements from an address to the end of its page. */
  const room = (address: Value): Value => {
    const left = s.sub(s.i32(0x1000), s.and(s.wrap(address), s.i32(0xfff)));
    return s.let(s.shrU(left, s.i32(sizeLog2)));
  };

  const left = s.readGpr(RCX, width);
  const isUpwards = s.eqz(s.readSystemFlag(FLAG_DF));
  s.choose(s.and(s.gtU(left, s.like(left, ELEMENTS_MIN)), isUpwards), () => {
    const to = s.readGpr(RDI, width);
    const from = kind === 'copy' ? s.readGpr(RSI, width) : undefined;
    const butOne = s.let(
      s.sub(s.wrap(s.select(s.gtU(left, s.like(left, 0x1000)), s.like(left, 0x1000), left)), s.i32(1)),
    );
    let count = least(least(room(to), butOne), s.timeForIterations());
    if (from) count = least(count, room(from));
    s.choose(s.geS(count, s.i32(ELEMENTS_MIN)), () => {
      const bytes = s.let(s.shl(count, s.i32(sizeLog2)));
      const target = s.probe({ segment: ES, linear: s.let(s.zeroExtend64(to)), width: 8 }, true);
      const targetHost = s.let(target.host);
      const advance = (): void => {
        for (const register of from ? [RSI, RDI] : [RDI]) {
          const value = s.readGpr(register, width);
          s.writeGpr(register, width, s.add(value, value.type === 'i64' ? s.zeroExtend64(bytes) : bytes));
        }
        s.writeGpr(RCX, width, s.sub(left, left.type === 'i64' ? s.zeroExtend64(count) : count));
        s.takeTimeFor(count);
      };
      if (from) {
        const source = s.probe({ segment: 'operand', linear: s.let(s.zeroExtend64(from)), width: 8 }, false);
        const sourceHost = s.let(source.host);
        const isApart = s.geU(s.sub(targetHost, sourceHost), bytes);
        s.choose(s.and(s.and(target.hit, source.hit), isApart), () => {
          for (const value of [targetHost, sourceHost, bytes]) s.push(value);
          s.code.memoryCopy();
          advance();
        });
        return;
      }
      const value = s.readGpr(RAX, s.width);
      const byte = s.let(s.and(s.wrap(value), s.i32(0xff)));
      const pattern = s.mul(value.type === 'i64' ? s.zeroExtend64(byte) : byte, ones(s));
      const isUniform = s.width === 8 ? target.hit : s.and(target.hit, s.eq(pattern, value));
      s.choose(isUniform, () => {
        for (const part of [targetHost, byte, bytes]) s.push(part);
        s.code.memoryFill();
        advance();
      });
    });
  });
}

/** A one in each byte of an element. */
function ones(s: EngineStage): Value {
  if (s.width === 64) return s.i64(0x0101010101010101n);
  return s.i32(s.width === 32 ? 0x01010101 : s.width === 16 ? 0x0101 : 1);
}
