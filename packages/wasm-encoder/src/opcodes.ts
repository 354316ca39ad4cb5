/**
 * Numeric opcodes of the instructions without immediates, by their names in the text format. Values above 0xFF carry
 * their prefix byte in bits 8 and up (`0xFC00 | n`, `0xFD00 | n`).
 *
 * @source WebAssembly Core Specification 2.0, "Binary Format: Instructions"
 */
export const OPCODE = {
  unreachable: 0x00, nop: 0x01, return: 0x0f, drop: 0x1a, select: 0x1b,
  'i32.eqz': 0x45, 'i32.eq': 0x46, 'i32.ne': 0x47, 'i32.lt_s': 0x48, 'i32.lt_u': 0x49, 'i32.gt_s': 0x4a, 'i32.gt_u': 0x4b,
  'i32.le_s': 0x4c, 'i32.le_u': 0x4d, 'i32.ge_s': 0x4e, 'i32.ge_u': 0x4f,
  'i64.eqz': 0x50, 'i64.eq': 0x51, 'i64.ne': 0x52, 'i64.lt_s': 0x53, 'i64.lt_u': 0x54, 'i64.gt_s': 0x55, 'i64.gt_u': 0x56,
  'i64.le_s': 0x57, 'i64.le_u': 0x58, 'i64.ge_s': 0x59, 'i64.ge_u': 0x5a,
  'f64.eq': 0x61, 'f64.ne': 0x62, 'f64.lt': 0x63, 'f64.gt': 0x64, 'f64.le': 0x65, 'f64.ge': 0x66,
  'i32.clz': 0x67, 'i32.ctz': 0x68, 'i32.popcnt': 0x69, 'i32.add': 0x6a, 'i32.sub': 0x6b, 'i32.mul': 0x6c, 'i32.div_s': 0x6d,
  'i32.div_u': 0x6e, 'i32.rem_s': 0x6f, 'i32.rem_u': 0x70, 'i32.and': 0x71, 'i32.or': 0x72, 'i32.xor': 0x73, 'i32.shl': 0x74,
  'i32.shr_s': 0x75, 'i32.shr_u': 0x76, 'i32.rotl': 0x77, 'i32.rotr': 0x78,
  'i64.clz': 0x79, 'i64.ctz': 0x7a, 'i64.popcnt': 0x7b, 'i64.add': 0x7c, 'i64.sub': 0x7d, 'i64.mul': 0x7e, 'i64.div_s': 0x7f,
  'i64.div_u': 0x80, 'i64.rem_s': 0x81, 'i64.rem_u': 0x82, 'i64.and': 0x83, 'i64.or': 0x84, 'i64.xor': 0x85, 'i64.shl': 0x86,
  'i64.shr_s': 0x87, 'i64.shr_u': 0x88, 'i64.rotl': 0x89, 'i64.rotr': 0x8a,
  'i32.wrap_i64': 0xa7, 'i64.extend_i32_s': 0xac, 'i64.extend_i32_u': 0xad,
  'i32.extend8_s': 0xc0, 'i32.extend16_s': 0xc1, 'i64.extend8_s': 0xc2, 'i64.extend16_s': 0xc3, 'i64.extend32_s': 0xc4,
} as const;

/** Name of an instruction without immediates. */
export type Opcode = keyof typeof OPCODE;

/** Numeric opcodes of loads and stores, the natural alignment (as a power of two) in bits 8 and up. */
export const MEMORY_OPCODE = {
  'i32.load': 0x228, 'i64.load': 0x329, 'f32.load': 0x22a, 'f64.load': 0x32b,
  'i32.load8_s': 0x02c, 'i32.load8_u': 0x02d, 'i32.load16_s': 0x12e, 'i32.load16_u': 0x12f,
  'i64.load8_s': 0x030, 'i64.load8_u': 0x031, 'i64.load16_s': 0x132, 'i64.load16_u': 0x133,
  'i64.load32_s': 0x234, 'i64.load32_u': 0x235,
  'i32.store': 0x236, 'i64.store': 0x337, 'f32.store': 0x238, 'f64.store': 0x339,
  'i32.store8': 0x03a, 'i32.store16': 0x13b, 'i64.store8': 0x03c, 'i64.store16': 0x13d, 'i64.store32': 0x23e,
} as const;

/** Name of a load or store. */
export type MemoryOpcode = keyof typeof MEMORY_OPCODE;
