/* Says on COM1 and on the text screen what the boot loader handed over, tag by tag. Then leaves with success. */
#include <stdint.h>

enum { MAGIC = 0x36d76289 };
enum {
    TAG_END, TAG_COMMAND_LINE, TAG_LOADER_NAME, TAG_MODULE, TAG_BASIC_MEMORY, TAG_BOOT_DEVICE, TAG_MEMORY_MAP,
    TAG_FRAMEBUFFER = 8, TAG_ELF_SECTIONS, TAG_ACPI_OLD = 14, TAG_ACPI_NEW, TAG_LOAD_BASE = 21
};
enum { COM1 = 0x3f8, UART_DATA = 0, UART_IER = 1, UART_FCR = 2, UART_LCR = 3, UART_MCR = 4, UART_LSR = 5 };
enum { UART_LSR_THRE = 0x20, EXIT_PORT = 0xf4, EXIT_SUCCESS = 0x10, EXIT_FAILURE = 0x11 };
enum { COLUMNS = 80, ROWS = 25, WHITE_ON_BLACK = 0x0f00, MODULE_BYTES_SHOWN = 16 };

struct tag {
    uint32_t type;
    uint32_t size;
    union {
        uint32_t words[4];
        char text[1];
    };
} __attribute__((packed));

struct region {
    uint64_t base;
    uint64_t length;
    uint32_t type;
    uint32_t reserved;
} __attribute__((packed));

struct framebuffer {
    uint32_t type_and_size[2];
    uint64_t address;
    uint32_t pitch;
    uint32_t width;
    uint32_t height;
    uint8_t bits;
    uint8_t kind;
} __attribute__((packed));

static void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static uint32_t column;

static volatile uint16_t *cell(uint32_t row, uint32_t at)
{
    return (volatile uint16_t *)0xb8000 + row * COLUMNS + at;
}

/* The screen scrolls; the last row is the one that is written. */
static void scroll(void)
{
    for (uint32_t row = 0; row < ROWS; row++)
        for (uint32_t at = 0; at < COLUMNS; at++)
            *cell(row, at) = row + 1 < ROWS ? *cell(row + 1, at) : WHITE_ON_BLACK | ' ';
    column = 0;
}

static void put(char character)
{
    while (!(in8(COM1 + UART_LSR) & UART_LSR_THRE))
        ;
    out8(COM1 + UART_DATA, character);
    if (character == '\n') {
        scroll();
    } else if (column < COLUMNS) {
        *cell(ROWS - 1, column++) = WHITE_ON_BLACK | (uint8_t)character;
    }
}

static void say(const char *text)
{
    while (*text != '\0')
        put(*text++);
}

static void number(uint32_t value)
{
    if (value > 9)
        number(value / 10);
    put('0' + value % 10);
}

static void hex(uint64_t value, int digits)
{
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
        uint32_t digit = value >> shift & 15;
        put(digit < 10 ? '0' + digit : 'a' + digit - 10);
    }
}

static void address(const char *name, uint32_t value)
{
    say(name);
    say("0x");
    hex(value, 8);
}

static void value(const char *name, uint32_t value)
{
    say(name);
    number(value);
}

static void module(const struct tag *tag)
{
    const uint8_t *start = (const uint8_t *)tag->words[0];
    uint32_t size = tag->words[1] - tag->words[0];

    address("module at ", tag->words[0]);
    value(", bytes ", size);
    say(": \"");
    say(tag->text + 8);
    say("\":");
    for (uint32_t i = 0; i < size && i < MODULE_BYTES_SHOWN; i++) {
        put(' ');
        hex(start[i], 2);
    }
}

static void memory_map(const struct tag *tag)
{
    uint32_t entry_size = tag->words[0];

    value("memory map, entry size ", entry_size);
    value(", version ", tag->words[1]);
    for (uint32_t at = 16; entry_size != 0 && at + entry_size <= tag->size; at += entry_size) {
        const struct region *region = (const struct region *)((const char *)tag + at);
        say("\n  0x");
        hex(region->base, 16);
        say(" 0x");
        hex(region->length, 16);
        value(" type ", region->type);
    }
}

static void framebuffer(const struct framebuffer *tag)
{
    address("framebuffer at ", tag->address);
    value(", pitch ", tag->pitch);
    value(", ", tag->width);
    value(" by ", tag->height);
    value(", bits ", tag->bits);
    value(", type ", tag->kind);
}

/* How many sections there are, what they are called, and how many say that they are in memory. */
static void sections(const struct tag *tag)
{
    const char *headers = tag->text + 12;
    uint32_t count = tag->words[0], size = tag->words[1], names_index = tag->words[2], placed = 0;
    int is_wide = size == 64;
    const char *names = *(const char *const *)(headers + size * names_index + (is_wide ? 16 : 12));

    value("sections ", count);
    value(", entry size ", size);
    value(", names in ", names_index);
    say(":");
    for (uint32_t i = 1; i < count; i++) {
        const uint32_t *header = (const uint32_t *)(headers + size * i);
        placed += header[is_wide ? 4 : 3] != 0;
        put(' ');
        say(names + header[0]);
    }
    value(", in memory ", placed);
}

static void describe(const struct tag *tag)
{
    switch (tag->type) {
    case TAG_END:
        say("end");
        break;
    case TAG_COMMAND_LINE:
        say("command line \"");
        say(tag->text);
        say("\"");
        break;
    case TAG_LOADER_NAME:
        say("loader \"");
        say(tag->text);
        say("\"");
        break;
    case TAG_MODULE:
        module(tag);
        break;
    case TAG_BASIC_MEMORY:
        value("memory KiB ", tag->words[0]);
        value(" and ", tag->words[1]);
        break;
    case TAG_BOOT_DEVICE:
        address("boot device ", tag->words[0]);
        address(", ", tag->words[1]);
        address(", ", tag->words[2]);
        break;
    case TAG_MEMORY_MAP:
        memory_map(tag);
        break;
    case TAG_FRAMEBUFFER:
        framebuffer((const struct framebuffer *)tag);
        break;
    case TAG_ELF_SECTIONS:
        sections(tag);
        break;
    case TAG_ACPI_OLD:
    case TAG_ACPI_NEW:
        say("ACPI root pointer, revision ");
        number((uint8_t)tag->text[15]);
        break;
    case TAG_LOAD_BASE:
        address("load base ", tag->words[0]);
        break;
    default:
        say("not described");
    }
}

static void set_up_com1(void)
{
    out8(COM1 + UART_IER, 0x00);
    out8(COM1 + UART_LCR, 0x80); /* divisor latch */
    out8(COM1 + UART_DATA, 1);
    out8(COM1 + UART_IER, 0);
    out8(COM1 + UART_LCR, 0x03); /* 8 data bits, no parity, 1 stop bit */
    out8(COM1 + UART_FCR, 0xc7);
    out8(COM1 + UART_MCR, 0x0b);
}

static _Noreturn void leave(uint32_t code)
{
    __asm__ volatile("outl %0, %1" : : "a"(code), "Nd"((uint16_t)EXIT_PORT));
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* Called by start.S with what EAX and EBX held. */
_Noreturn void start(uint32_t magic, const uint32_t *information);

void start(uint32_t magic, const uint32_t *information)
{
    set_up_com1();
    for (uint32_t row = 0; row < ROWS; row++)
        scroll();
    address("magic ", magic);
    if (magic != MAGIC || ((uintptr_t)information & 7) != 0) {
        say(": wrong\n");
        leave(EXIT_FAILURE);
    }
    value(", bytes of information ", information[0]);
    put('\n');
    for (uint32_t at = 8; at < information[0];) {
        const struct tag *tag = (const struct tag *)((const char *)information + at);
        value("tag ", tag->type);
        value(", size ", tag->size);
        say(": ");
        describe(tag);
        put('\n');
        if (tag->type == TAG_END)
            leave(at + 8 == information[0] ? EXIT_SUCCESS : EXIT_FAILURE);
        at += (tag->size + 7) & ~7u;
    }
    say("no end tag\n");
    leave(EXIT_FAILURE);
}
