/* The few string functions both sides need (and that the compiler may call). */
#include "types.h"

void *memset(void *dst, int c, u32 n)
{
    u8 *d = dst;
    u32 word = (c & 0xff) * 0x01010101u;

    while (n && ((u32)d & 3))
        *d++ = c, n--;
    for (; n >= 16; n -= 16, d += 16) {
        ((u32 *)d)[0] = word;
        ((u32 *)d)[1] = word;
        ((u32 *)d)[2] = word;
        ((u32 *)d)[3] = word;
    }
    while (n--)
        *d++ = c;
    return dst;
}

void *memcpy(void *dst, const void *src, u32 n)
{
    u8 *d = dst;
    const u8 *s = src;

    if ((((u32)d | (u32)s) & 3) == 0) {
        for (; n >= 16; n -= 16, d += 16, s += 16) {
            u32 a = ((const u32 *)s)[0], b = ((const u32 *)s)[1];
            u32 c = ((const u32 *)s)[2], e = ((const u32 *)s)[3];
            ((u32 *)d)[0] = a;
            ((u32 *)d)[1] = b;
            ((u32 *)d)[2] = c;
            ((u32 *)d)[3] = e;
        }
    }
    while (n--)
        *d++ = *s++;
    return dst;
}

void *memmove(void *dst, const void *src, u32 n)
{
    u8 *d = dst;
    const u8 *s = src;

    if (d <= s || d >= s + n)
        return memcpy(dst, src, n);
    while (n--)
        d[n] = s[n];
    return dst;
}

int memcmp(const void *a, const void *b, u32 n)
{
    const u8 *x = a, *y = b;

    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

u32 strlen(const char *s)
{
    u32 n = 0;

    while (s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, u32 n)
{
    for (; n && *a && *a == *b; n--)
        a++, b++;
    return n ? (u8)*a - (u8)*b : 0;
}

/* Bounded copy that always ends in a zero. */
char *strncpy0(char *dst, const char *src, u32 size)
{
    u32 i;

    for (i = 0; i + 1 < size && src[i]; i++)
        dst[i] = src[i];
    dst[i] = 0;
    return dst;
}

char *strchr(const char *s, int c)
{
    for (; *s; s++)
        if (*s == (char)c)
            return (char *)s;
    return NULL;
}

/* Decimal or 0x hexadecimal; false unless the whole string is a number. */
int parse_number(const char *s, u32 *value)
{
    u32 base = 10, v = 0;

    if (s[0] == '0' && (s[1] | 0x20) == 'x')
        base = 16, s += 2;
    if (!*s)
        return 0;
    for (; *s; s++) {
        u32 digit = *s >= '0' && *s <= '9' ? (u32)(*s - '0')
                  : (*s | 0x20) >= 'a' ? (u32)((*s | 0x20) - 'a' + 10) : 99;
        if (digit >= base || v > (0xffffffffu - digit) / base)
            return 0;
        v = v * base + digit;
    }
    *value = v;
    return 1;
}
