/* Runs the workload and says on COM1 what came out: "name 0123456789abcdef". Then leaves with success.
 * Compiled with HOSTED it is a program of the build machine, which says what is expected. */
#include "workload.h"

static char line[64];

static unsigned int write_line(void)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t result = workload();
    unsigned int length = 0;

    while (workload_name[length] != '\0') {
        line[length] = workload_name[length];
        length++;
    }
    line[length++] = ' ';
    for (int shift = 60; shift >= 0; shift -= 4)
        line[length++] = digits[result >> shift & 15];
    line[length++] = '\r';
    line[length++] = '\n';
    return length;
}

#ifdef HOSTED
#include <unistd.h>

int main(void)
{
    return write(1, line, write_line()) < 0;
}
#else

enum { COM1 = 0x3f8, UART_DATA = 0, UART_IER = 1, UART_FCR = 2, UART_LCR = 3, UART_MCR = 4, UART_LSR = 5 };
enum { UART_LSR_THRE = 0x20, EXIT_PORT = 0xf4, EXIT_SUCCESS = 0x10 };

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

static void set_up_com1(void)
{
    out8(COM1 + UART_IER, 0x00);
    out8(COM1 + UART_LCR, 0x80); /* divisor latch */
    out8(COM1 + UART_DATA, 1);   /* 115200 baud: printing is not what is measured */
    out8(COM1 + UART_IER, 0);
    out8(COM1 + UART_LCR, 0x03); /* 8 data bits, no parity, 1 stop bit */
    out8(COM1 + UART_FCR, 0xc7);
    out8(COM1 + UART_MCR, 0x0b);
}

/* Called by start.S on a stack of at least 64 KiB. */
_Noreturn void start(void);

void start(void)
{
    unsigned int length = write_line();

    set_up_com1();
    for (unsigned int i = 0; i < length; i++) {
        while (!(in8(COM1 + UART_LSR) & UART_LSR_THRE))
            ;
        out8(COM1 + UART_DATA, line[i]);
    }
    __asm__ volatile("outl %0, %1" : : "a"(EXIT_SUCCESS), "Nd"((uint16_t)EXIT_PORT));
    for (;;)
        __asm__ volatile("cli; hlt");
}
#endif
