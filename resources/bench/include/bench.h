/* What the benchmark's programs share. Freestanding C, 32 bits, either byte order. */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef signed int s32;
typedef unsigned long long u64;

#define NULL ((void *)0)
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NOINLINE __attribute__((noinline))

/*
 * One benchmark. `run` makes `passes` passes over the same kind of work, a few
 * milliseconds each, and returns a checksum of all it computed. One pass
 * touches all the memory that the program ever uses.
 */
struct program {
    const char *name;
    u32 (*run)(u32 passes);
};

/* Ended by an entry without a name. */
extern const struct program integer_programs[], float_programs[];

/*
 * Memory for the programs, one at a time. Parts that are used together lie
 * apart by odd numbers of pages, so that they do not compete for one slot of
 * a direct-mapped TLB or cache.
 */
#define ARENA_SIZE (8u << 20)
extern u8 arena[ARENA_SIZE];

void *memcpy(void *to, const void *from, u32 size);
void *memset(void *to, int byte, u32 size);
int memcmp(const void *a, const void *b, u32 size);
u32 strlen(const char *text);
int strcmp(const char *a, const char *b);

/* Numerical Recipes' linear congruential generator: the high bits are good. */
static inline u32 random_next(u32 *state)
{
    return *state = *state * 1664525u + 1013904223u;
}

static inline u32 mix(u32 sum, u32 value)
{
    return (sum << 5 | sum >> 27) * 0x9e3779b1u ^ value;
}
