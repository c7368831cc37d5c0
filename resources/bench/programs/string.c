/* The C library's memory and string functions, as small C libraries write them. */
#include "bench.h"

typedef u32 __attribute__((may_alias)) word;
struct __attribute__((packed, may_alias)) unaligned {
    u32 value;
};

void *memcpy(void *to, const void *from, u32 size)
{
    u8 *d = to;
    const u8 *s = from;

    if (size >= 16) {
        for (; (u32)d & 3; size--)
            *d++ = *s++;
        if (((u32)s & 3) == 0) {
            for (; size >= 16; size -= 16, d += 16, s += 16) {
                u32 a = ((const word *)s)[0], b = ((const word *)s)[1];
                u32 c = ((const word *)s)[2], e = ((const word *)s)[3];
                ((word *)d)[0] = a;
                ((word *)d)[1] = b;
                ((word *)d)[2] = c;
                ((word *)d)[3] = e;
            }
        } else {
            /* LWL and LWR. */
            for (; size >= 8; size -= 8, d += 8, s += 8) {
                u32 a = ((const struct unaligned *)s)[0].value;
                u32 b = ((const struct unaligned *)s)[1].value;
                ((word *)d)[0] = a;
                ((word *)d)[1] = b;
            }
        }
        for (; size >= 4; size -= 4, d += 4, s += 4)
            *(word *)d = ((const struct unaligned *)s)->value;
    }
    while (size--)
        *d++ = *s++;
    return to;
}

void *memset(void *to, int byte, u32 size)
{
    u8 *d = to;
    u32 value = (u8)byte * 0x01010101u;

    for (; size && (u32)d & 3; size--)
        *d++ = byte;
    for (; size >= 16; size -= 16, d += 16) {
        ((word *)d)[0] = value;
        ((word *)d)[1] = value;
        ((word *)d)[2] = value;
        ((word *)d)[3] = value;
    }
    while (size--)
        *d++ = byte;
    return to;
}

int memcmp(const void *a, const void *b, u32 size)
{
    const u8 *x = a, *y = b;

    for (; size; size--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

u32 strlen(const char *text)
{
    const char *end = text;

    while (*end)
        end++;
    return end - text;
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        ;
    return (u8)*a - (u8)*b;
}
