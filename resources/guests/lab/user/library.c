/* Printing through a small buffer, and helpers of the programs. */
#include "user.h"

void exit(int code)
{
    for (;;)
        system_call(code, 0, 0, SYS_exit);
}

struct buffer {
    u32 n;
    char text[120];
};

static void put(char c, void *arg)
{
    struct buffer *b = arg;

    b->text[b->n++] = c;
    if (b->n == sizeof b->text) {
        write(1, b->text, b->n);
        b->n = 0;
    }
}

void printf(const char *fmt, ...)
{
    struct buffer b;
    va_list ap;

    b.n = 0;
    va_start(ap, fmt);
    format(put, &b, fmt, ap);
    va_end(ap);
    if (b.n)
        write(1, b.text, b.n);
}

u32 now_ms(void)
{
    struct sysinfo s;

    sysinfo(&s);
    return s.ticks * (1000 / TICK_HZ);
}

/* The number in argv[1], if there is one and it is not too large. */
int number_argument(int argc, char **argv, u32 otherwise, u32 limit, u32 *value)
{
    *value = otherwise;
    if (argc < 2)
        return 1;
    if (parse_number(argv[1], value) && *value >= 1 && *value <= limit)
        return 1;
    printf("%s: need a number from 1 to %u\n", argv[0], limit);
    return 0;
}
