/* printf-style formatting: %d %u %x %s %c %%, with '-', '0' and a width. */
#include "types.h"

static int digits(char *buf, u32 v, u32 base)
{
    int n = 0;

    do {
        buf[n++] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v);
    return n;
}

void format(void (*put)(char c, void *arg), void *arg, const char *fmt, va_list ap)
{
    for (; *fmt; fmt++) {
        char buf[12];
        const char *s = NULL;
        int left = 0, zero = 0, width = 0, n = 0, negative = 0;

        if (*fmt != '%') {
            put(*fmt, arg);
            continue;
        }
        for (fmt++; *fmt == '-' || *fmt == '0'; fmt++)
            *fmt == '-' ? (left = 1) : (zero = 1);
        for (; *fmt >= '0' && *fmt <= '9'; fmt++)
            width = width * 10 + *fmt - '0';

        switch (*fmt) {
        case 'd': {
            s32 v = va_arg(ap, s32);
            negative = v < 0;
            n = digits(buf, negative ? 0u - (u32)v : (u32)v, 10);
            break;
        }
        case 'u':
            n = digits(buf, va_arg(ap, u32), 10);
            break;
        case 'x':
            n = digits(buf, va_arg(ap, u32), 16);
            break;
        case 's':
            s = va_arg(ap, const char *);
            n = strlen(s);
            zero = 0;
            break;
        case 'c':
            buf[0] = va_arg(ap, int);
            n = 1;
            zero = 0;
            break;
        default:
            put('%', arg);
            if (!*fmt)
                return;
            put(*fmt, arg);
            continue;
        }

        width -= n + negative;
        if (!left && !zero)
            while (width-- > 0)
                put(' ', arg);
        if (negative)
            put('-', arg);
        if (!left && zero)
            while (width-- > 0)
                put('0', arg);
        if (s)
            while (*s)
                put(*s++, arg);
        else
            while (n)
                put(buf[--n], arg);
        if (left)
            while (width-- > 0)
                put(' ', arg);
    }
}
