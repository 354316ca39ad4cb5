// Executes random x87 and MMX instructions on the processor that runs this program, and writes down what they did.
//
//   gcc -O2 -o x87-recorder x87-recorder.c && ./x87-recorder arithmetic|transcendental|mmx COUNT SEED > CASES
//
// A case loads a whole x87 state with FRSTOR, executes one instruction, and saves the state with FNSAVE: `struct x87_case`
// one after the other. Operands favour the edges of all formats, and all control words come up.
// Linux on x86-64 only.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct __attribute__((packed)) image {
  uint32_t control, status, tags, ip, opcode, dp, reserved;
  struct __attribute__((packed)) {
    uint64_t significand;
    uint16_t exponent;
  } st[8];
};

struct __attribute__((packed)) x87_case {
  uint8_t code[7]; // memory operands are at [rdi]
  uint8_t length;  // of the instruction
  uint32_t flags_before;
  struct image before;
  uint8_t memory_before[16];
  struct image after;
  uint8_t memory_after[16];
  uint32_t flags_after;
  uint32_t eax_after;
  uint32_t address; // of the instruction
  uint32_t data;    // of the memory operand
};

enum { EAX_BEFORE = 0x12345678 };

// ---- random numbers -------------------------------------------------------------------------------------------------

static uint64_t state;
static uint64_t bits(void) {
  uint64_t z = (state += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}
static unsigned below(unsigned n) { return (unsigned)(bits() % n); }

// A fraction of `width` bits: few bits set or clear, or a run that ends about where formats end.
static uint64_t fraction(unsigned width) {
  uint64_t mask = width == 64 ? ~0ull : (1ull << width) - 1;
  switch (below(8)) {
    case 0: return 0;
    case 1: return mask;
    case 2: return bits() & bits() & bits() & mask;
    case 3: return (bits() | bits() | bits()) & mask;
    case 4: return (1ull << below(width)) & mask;
    case 5: {
      // Ties, and what is beside them, of 53 and 24 bits in a significand of 64.
      uint64_t at = below(2) ? 1ull << 10 : 1ull << 39;
      return ((bits() & ~(2 * at - 1)) + at + (uint64_t)(int64_t)((int)below(3) - 1)) & mask;
    }
    case 6: return (~0ull << below(width)) & mask;
    default: return bits() & mask;
  }
}

static const int EXPONENT_EDGES[] = {0x3fff, 0x3ffe, 0x4000, 0x3fff + 63, 0x3fff + 62, 0x3fff + 31, 0x3fff + 15, 0x3fff + 59,
                                     0x3fff + 127, 0x3fff + 128, 0x3fff - 126, 0x3fff - 149, 0x3fff + 1023, 0x3fff + 1024,
                                     0x3fff - 1022, 0x3fff - 1074, 1, 2, 0x7ffe, 0x7ffd, 0x3fff - 63, 0x3fff + 16, 64};

static void extended(uint64_t *significand, uint16_t *exponent) {
  uint16_t sign = (uint16_t)(below(2) << 15);
  unsigned kind = below(40);
  uint64_t f = fraction(63);
  int e;
  if (kind < 2) { // zero
    *significand = 0;
    *exponent = sign;
    return;
  }
  if (kind == 2) { // infinity
    *significand = 1ull << 63;
    *exponent = sign | 0x7fff;
    return;
  }
  if (kind == 3 || kind == 4) { // NaN
    *significand = 1ull << 63 | f;
    *exponent = sign | 0x7fff;
    return;
  }
  if (kind == 5) { // unnormal, pseudo-infinity, pseudo-NaN
    *significand = f;
    *exponent = sign | (uint16_t)(below(4) == 0 ? 0x7fff : 1 + below(0x7fff));
    return;
  }
  if (kind < 9) { // denormal and pseudo-denormal
    *significand = below(4) == 0 ? f | 1ull << 63 : f >> below(63);
    *exponent = sign;
    return;
  }
  if (kind < 20) e = 0x3fff + (int)below(140) - 70;
  else if (kind < 30) e = EXPONENT_EDGES[below(sizeof EXPONENT_EDGES / sizeof *EXPONENT_EDGES)] + (int)below(5) - 2;
  else if (kind < 33) { // an integer
    int64_t n = (int64_t)(bits() >> below(64));
    uint64_t m = (uint64_t)(n < 0 ? -n : n);
    if (m == 0) m = 1;
    int shift = __builtin_clzll(m);
    *significand = m << shift;
    *exponent = sign | (uint16_t)(0x3fff + 63 - shift);
    return;
  } else e = 1 + (int)below(0x7ffe);
  if (e < 1) e = 1;
  if (e > 0x7ffe) e = 0x7ffe;
  *significand = f | 1ull << 63;
  *exponent = sign | (uint16_t)e;
}

// An operand near another one: the same magnitude, or one that cancels.
static void near(const uint64_t s, const uint16_t e, uint64_t *significand, uint16_t *exponent) {
  int d = (int)(e & 0x7fff) + (int)below(9) - 4;
  if (below(3) == 0) d = e & 0x7fff;
  if (below(6) == 0) d -= (int)below(70);
  if (d < 0) d = 0;
  if (d > 0x7ffe) d = 0x7ffe;
  *significand = below(2) ? s : (s ^ (fraction(63) & fraction(63))) | (d ? 1ull << 63 : 0);
  if (below(4) == 0) *significand += below(3) - 1;
  *exponent = (uint16_t)(d | (below(2) << 15));
}

static uint64_t binary(unsigned fraction_bits, int exponent_max) {
  uint64_t f = fraction(fraction_bits);
  int bias = exponent_max / 2;
  int e = (int)below((unsigned)exponent_max + 1);
  switch (below(8)) {
    case 0: e = 0; break;
    case 1: e = below(2) ? exponent_max : 0, f = below(2) ? 0 : f; break;
    case 2: e = exponent_max - (int)below(2); break;
    case 3: e = 1 + (int)below(2); break;
    case 4:
    case 5: e = bias + (int)below(12) - 6; break;
  }
  return f | (uint64_t)e << fraction_bits | (uint64_t)below(2) << (fraction_bits + (exponent_max > 255 ? 11 : 8));
}

static uint64_t integer(unsigned width) {
  uint64_t value = bits() >> below(64);
  switch (below(5)) {
    case 0: value = below(3) - 1; break;
    case 1: value = 1ull << (width - 1); break;
    case 2: value = (1ull << (width - 1)) - 1; break;
    case 3: value = -value; break;
  }
  return value;
}

// ---- instructions ---------------------------------------------------------------------------------------------------

enum { NONE, SINGLE, DOUBLE, EXTENDED, INT16, INT32, INT64, DECIMAL, WORD, ANY };

// What memory operands of D8 to DF hold, by ModR/M.reg; -1 for what is not recorded here (environment and state).
static const int8_t MEMORY[8][8] = {
    {SINGLE, SINGLE, SINGLE, SINGLE, SINGLE, SINGLE, SINGLE, SINGLE}, {SINGLE, -1, ANY, ANY, -1, WORD, -1, ANY},
    {INT32, INT32, INT32, INT32, INT32, INT32, INT32, INT32},         {INT32, ANY, ANY, ANY, -1, EXTENDED, -1, ANY},
    {DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE}, {DOUBLE, ANY, ANY, ANY, -1, -1, -1, ANY},
    {INT16, INT16, INT16, INT16, INT16, INT16, INT16, INT16},         {INT16, ANY, ANY, ANY, DECIMAL, INT64, ANY, ANY},
};

// Register forms: 0 for what is undefined, or not recorded (FNENI and its like say nothing).
static int is_register_form(unsigned opcode, unsigned modrm) {
  unsigned reg = modrm >> 3 & 7, rm = modrm & 7;
  switch (opcode) {
    case 1:
      if (reg == 2) return rm == 0;
      if (reg == 4) return rm == 0 || rm == 1 || rm == 4 || rm == 5;
      if (reg == 5) return rm != 7;
      return 1;
    case 2: return reg < 4 || (reg == 5 && rm == 1);
    case 3: return reg < 4 || reg == 5 || reg == 6 || (reg == 4 && (rm == 2 || rm == 3));
    case 5: return reg < 6;
    case 6: return reg != 3 || rm == 1;
    case 7: return reg < 4 || reg == 5 || reg == 6 || (reg == 4 && rm == 0);
    default: return 1;
  }
}
static int is_transcendental(unsigned opcode, unsigned modrm) {
  if (opcode != 1 || modrm < 0xf0) return 0;
  return modrm <= 0xf3 || modrm == 0xf9 || modrm == 0xfb || modrm == 0xfe || modrm == 0xff;
}

typedef void stub(void *memory, const struct image *before, struct image *after, uint64_t flags, uint32_t *out);
static struct form {
  uint8_t code[7], length;
  int8_t memory;
  stub *run;
  uint32_t address;
} forms[2048];
static unsigned form_count;

static void add_code(uint8_t **code, const uint8_t *bytes, unsigned length, int memory) {
  static const uint8_t before[] = {0xdd, 0x26, 0x51, 0x9d, 0xb8, 0x78, 0x56, 0x34, 0x12}; // frstor, flags, eax
  static const uint8_t after[] = {0x9c, 0x59, 0xdd, 0x32, 0x41, 0x89, 0x08, 0x41, 0x89, 0x40, 0x04, 0xc3}; // flags, fnsave
  struct form *form = &forms[form_count++];
  *form = (struct form){.length = (uint8_t)length, .memory = (int8_t)memory, .run = (stub *)*code};
  memcpy(form->code, bytes, length);
  memcpy(*code, before, sizeof before);
  *code += sizeof before;
  form->address = (uint32_t)(uintptr_t)*code;
  memcpy(*code, bytes, length);
  *code += length;
  memcpy(*code, after, sizeof after);
  *code += sizeof after;
}
static void add_form(uint8_t **code, unsigned opcode, unsigned modrm, int memory) {
  add_code(code, (uint8_t[]){(uint8_t)(0xd8 + opcode), (uint8_t)modrm}, 2, memory);
}

// Instructions on MMX registers: with MM0 and MM1, MM0 twice, and memory.
static void add_mmx_forms(uint8_t **code) {
  static const uint8_t BINARY[] = {0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6e, 0x6f, 0x74,
                                   0x75, 0x76, 0x7e, 0x7f, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd,
                                   0xde, 0xdf, 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee,
                                   0xef, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe};
  static const uint8_t THREE_BYTE[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                                       0x08, 0x09, 0x0a, 0x0b, 0x1c, 0x1d, 0x1e};
  static const uint8_t MODRM[] = {0xc1, 0xc0, 0x07};
  for (unsigned i = 0; i < sizeof BINARY; i++) {
    for (unsigned j = 0; j < 3; j++) add_code(code, (uint8_t[]){0x0f, BINARY[i], MODRM[j]}, 3, INT64);
  }
  for (unsigned i = 0; i < sizeof THREE_BYTE; i++) {
    for (unsigned j = 0; j < 3; j++) add_code(code, (uint8_t[]){0x0f, 0x38, THREE_BYTE[i], MODRM[j]}, 4, INT64);
  }
  for (unsigned imm = 0; imm < 24; imm++) {
    uint8_t immediate = (uint8_t)(imm < 18 ? imm : imm * 11);
    for (unsigned j = 0; j < 3; j++) {
      add_code(code, (uint8_t[]){0x0f, 0x3a, 0x0f, MODRM[j], immediate}, 5, INT64);
      add_code(code, (uint8_t[]){0x0f, 0x70, MODRM[j], (uint8_t)(immediate * 37)}, 4, INT64);
    }
    for (unsigned opcode = 0x71; opcode <= 0x73; opcode++) {
      for (unsigned reg = 2; reg <= 6; reg += 2) {
        if (opcode == 0x73 && reg == 4) continue;
        add_code(code, (uint8_t[]){0x0f, (uint8_t)opcode, (uint8_t)(0xc0 | reg << 3), (uint8_t)(immediate * 4)}, 4, NONE);
      }
    }
    add_code(code, (uint8_t[]){0x0f, 0xc4, 0xc0, immediate}, 4, NONE);
    add_code(code, (uint8_t[]){0x0f, 0xc4, 0x07, immediate}, 4, INT64);
    add_code(code, (uint8_t[]){0x0f, 0xc5, 0xc1, immediate}, 4, NONE);
  }
  add_code(code, (uint8_t[]){0x0f, 0xd7, 0xc1}, 3, NONE); // pmovmskb eax, mm1
  add_code(code, (uint8_t[]){0x0f, 0xe7, 0x07}, 3, INT64); // movntq
  for (unsigned i = 0; i < 3; i++) add_code(code, (uint8_t[]){0x0f, 0xf7, 0xc1}, 3, INT64); // maskmovq
  add_code(code, (uint8_t[]){0x0f, 0x77}, 2, NONE); // emms
}

static void make_forms(int transcendental, int mmx) {
  uint8_t *code = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (code == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  if (mmx) {
    add_mmx_forms(&code);
    return;
  }
  for (unsigned opcode = 0; opcode < 8; opcode++) {
    for (unsigned reg = 0; reg < 8 && !transcendental; reg++) {
      // Twice, so that they come up as often as register forms do.
      if (MEMORY[opcode][reg] < 0) continue;
      for (int i = 0; i < 6; i++) add_form(&code, opcode, reg << 3 | 7, MEMORY[opcode][reg]);
    }
    for (unsigned modrm = 0xc0; modrm < 0x100; modrm++) {
      if (!is_register_form(opcode, modrm) || is_transcendental(opcode, modrm) != transcendental) continue;
      // Operations on the top alone stand for one form only, but there is more to try.
      int times = opcode == 1 && modrm >= 0xf0 ? 8 : 1;
      for (int i = 0; i < times; i++) add_form(&code, opcode, modrm, NONE);
    }
  }
}

static void fill_memory(uint8_t *memory, int kind) {
  uint64_t significand;
  uint16_t exponent;
  memset(memory, 0xa5, 16);
  switch (kind) {
    case SINGLE: *(uint32_t *)memory = (uint32_t)binary(23, 255); break;
    case DOUBLE: *(uint64_t *)memory = binary(52, 2047); break;
    case EXTENDED:
      extended(&significand, &exponent);
      memcpy(memory, &significand, 8);
      memcpy(memory + 8, &exponent, 2);
      break;
    case INT16: *(uint16_t *)memory = (uint16_t)integer(16); break;
    case INT32: *(uint32_t *)memory = (uint32_t)integer(32); break;
    case INT64: *(uint64_t *)memory = integer(64); break;
    case WORD: *(uint16_t *)memory = (uint16_t)bits(); break;
    case DECIMAL:
      for (int i = 0; i < 9; i++) memory[i] = (uint8_t)(below(10) << 4 | below(10));
      for (unsigned i = below(10); i < 9; i++) memory[i] = 0;
      memory[9] = (uint8_t)(below(2) << 7 | (below(8) ? 0 : below(128)));
      break;
  }
}

// An argument for which a transcendental instruction is defined, most of the time.
static void argument(unsigned modrm, uint64_t *significand, uint16_t *exponent) {
  int e;
  if (below(12) == 0) {
    extended(significand, exponent);
    return;
  }
  *significand = fraction(63) | 1ull << 63;
  if (modrm == 0xf0) e = 0x3ffe - (int)below(below(2) ? 4 : 80);
  else if (modrm == 0xf9) e = 0x3ffc - (int)below(below(2) ? 4 : 80);
  else if (modrm == 0xf1) e = below(2) ? 0x3fff - (int)below(3) + 1 : 0x3fff + (int)below(2000) - 1000;
  else if (modrm == 0xf3) e = 0x3fff + (int)below(80) - 40;
  else e = below(2) ? 0x3fff + (int)below(12) - 8 : 0x3fff + (int)below(130) - 66;
  *exponent = (uint16_t)(e | (modrm == 0xf1 && below(16) ? 0 : below(2) << 15));
}

// Lanes of 8 to 64 bits at their edges, or a count to shift by.
static uint64_t lanes(void) {
  unsigned width = 8u << below(4);
  uint64_t value = 0;
  if (below(6) == 0) return below(80);
  for (unsigned at = 0; at < 64; at += width) {
    uint64_t lane = below(2) ? bits() : integer(width);
    value |= (width == 64 ? lane : lane & ((1ull << width) - 1)) << at;
  }
  return value;
}

static void make_case(struct x87_case *c, const struct form *form) {
  static const uint16_t TAGS[] = {0xff00, 0x0000, 0xc000, 0xfff0};
  memset(c, 0, sizeof *c);
  memcpy(c->code, form->code, sizeof c->code);
  c->length = form->length;
  unsigned opcode = form->code[0], modrm = form->code[1];
  int is_mmx = opcode == 0x0f;
  int transcendental = !is_mmx && is_transcendental(opcode - 0xd8u, modrm);
  c->flags_before = 0x202 | (uint32_t)(bits() & 0x8d5);
  unsigned top = below(8);
  uint16_t masks = below(3) ? 0x3f : (uint16_t)(below(2) ? bits() & 0x3f : 0x3f & ~(1u << below(6)));
  uint16_t control = (uint16_t)(0x40 | masks | below(4) << 10 | (below(16) ? (2 + below(2)) << 8 : below(4) << 8));
  if (below(4) == 0) control = (uint16_t)((control & ~0x300) | below(4) << 8);
  if (below(64) == 0) control |= 0x1000;
  uint16_t status = (uint16_t)(top << 11 | (below(4) ? 0 : bits() & masks) | (bits() & 0x4700) | (below(8) ? 0 : 0x40));
  uint32_t in_stack_order = below(10) ? TAGS[below(4)] : (uint32_t)(bits() & 0xffff);
  uint32_t doubled = in_stack_order | in_stack_order << 16;
  c->before.control = 0xffff0000u | control;
  c->before.status = 0xffff0000u | status;
  c->before.tags = 0xffff0000u | ((doubled >> (16 - 2 * top)) & 0xffff);
  c->before.reserved = 0xffff0000u;
  for (int i = 0; i < 8; i++) {
    c->before.st[i].significand = is_mmx ? lanes() : 0x8000000000000000ull + (uint64_t)i;
    c->before.st[i].exponent = (uint16_t)(0x4000 + i);
  }
  fill_memory(c->memory_before, form->memory);
  if (is_mmx) {
    uint64_t value = lanes();
    memcpy(c->memory_before, &value, sizeof value);
    return;
  }
  int other = modrm >= 0xc0 && !transcendental && (opcode != 0xd9 || modrm < 0xe0) ? (int)modrm & 7 : 1;
  if (other == 0) other = 1;
  uint64_t s;
  uint16_t e;
  if (transcendental) argument(modrm, &s, &e);
  else extended(&s, &e);
  c->before.st[0].significand = s;
  c->before.st[0].exponent = e;
  if (below(2)) near(c->before.st[0].significand, c->before.st[0].exponent, &s, &e);
  else extended(&s, &e);
  if (transcendental && below(8)) argument(0xf3, &s, &e);
  c->before.st[other].significand = s;
  c->before.st[other].exponent = e;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "x87-recorder arithmetic|transcendental|mmx COUNT SEED\n");
    return 2;
  }
  long count = atol(argv[2]);
  state = strtoull(argv[3], NULL, 10);
  make_forms(strcmp(argv[1], "transcendental") == 0, strcmp(argv[1], "mmx") == 0);
  struct x87_case *c = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  static char buffer[1 << 20];
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  for (long i = 0; i < count; i++) {
    const struct form *form = &forms[below(form_count)];
    make_case(c, form);
    memcpy(c->memory_after, c->memory_before, 16);
    uint32_t out[2];
    form->run(c->memory_after, &c->before, &c->after, c->flags_before, out);
    c->flags_after = out[0];
    c->eax_after = out[1];
    c->address = form->address;
    c->data = (uint32_t)(uintptr_t)c->memory_after;
    if (fwrite(c, sizeof *c, 1, stdout) != 1) return 1;
  }
  return fflush(stdout) != 0;
}
