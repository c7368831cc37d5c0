#ifndef LAB_TYPES_H
#define LAB_TYPES_H

typedef unsigned char  u8;
typedef unsigned short u16;
typedef unsigned int   u32;
typedef int            s32;

#define NULL ((void *)0)
typedef __builtin_va_list va_list;
#define va_start __builtin_va_start
#define va_arg   __builtin_va_arg
#define va_end   __builtin_va_end

/* lib/string.c */
void *memset(void *dst, int c, u32 n);
void *memcpy(void *dst, const void *src, u32 n);
void *memmove(void *dst, const void *src, u32 n);
int memcmp(const void *a, const void *b, u32 n);
u32 strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, u32 n);
char *strncpy0(char *dst, const char *src, u32 size);
char *strchr(const char *s, int c);
int parse_number(const char *s, u32 *value);

/* lib/format.c */
void format(void (*put)(char c, void *arg), void *arg, const char *fmt, va_list ap);

#endif
