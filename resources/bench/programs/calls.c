/* Programs that are mostly calls: through pointers, recursive, deep, from page to page. */
#include "bench.h"
#include "programs.h"

/* qsort as the C library has it: elements of any size, compared through a pointer. */
static void swap(u8 *a, u8 *b, u32 size)
{
    for (u32 i = 0; i < size; i += 4) {
        u32 t = *(u32 *)(a + i);
        *(u32 *)(a + i) = *(u32 *)(b + i);
        *(u32 *)(b + i) = t;
    }
}

static NOINLINE void sort(u8 *base, u32 count, u32 size, s32 (*compare)(const void *, const void *))
{
    while (count > 1) {
        u8 *low = base, *high = base + (count - 1) * size, *middle = base + count / 2 * size;

        swap(base, middle, size);
        while (low < high) {
            do
                low += size;
            while (low < high && compare(low, base) < 0);
            while (compare(high, base) > 0)
                high -= size;
            if (low < high) {
                swap(low, high, size);
                high -= size;
            }
        }
        while (compare(high, base) > 0)
            high -= size;
        swap(base, high, size);
        low = high + size;
        {
            u32 left = (high - base) / size, right = count - left - 1;
            if (left < right) {
                sort(base, left, size, compare);
                base = low;
                count = right;
            } else {
                sort(low, right, size, compare);
                count = left;
            }
        }
    }
}

static NOINLINE s32 by_number(const void *a, const void *b)
{
    u32 x = *(const u32 *)a, y = *(const u32 *)b;

    return x < y ? -1 : x > y;
}

struct record {
    u32 key, rank;
    char name[8];
};

static NOINLINE s32 by_name(const void *a, const void *b)
{
    s32 order = memcmp(((const struct record *)a)->name, ((const struct record *)b)->name, 8);

    return order ? order : by_number(a, b);
}

u32 run_qsort(u32 passes)
{
    u32 *numbers = (u32 *)arena, sum = 0, seed = 3;
    struct record *records = (struct record *)(arena + 19 * 4096);

    for (u32 n = 0; n < passes; n++) {
        for (u32 i = 0; i < 8192; i++)
            numbers[i] = random_next(&seed);
        sort((u8 *)numbers, 8192, 4, by_number);
        for (u32 i = 1; i < 8192; i++)
            sum += numbers[i - 1] <= numbers[i] ? numbers[i] ^ i : 0xdeadbeef;
        for (u32 i = 0; i < 1024; i++) {
            records[i].key = random_next(&seed);
            records[i].rank = i;
            for (u32 k = 0; k < 8; k++)
                records[i].name[k] = 'a' + (random_next(&seed) >> 30);
        }
        sort((u8 *)records, 1024, sizeof records[0], by_name);
        for (u32 i = 0; i < 1024; i++)
            sum = mix(sum, records[i].rank);
    }
    return sum;
}

static NOINLINE u32 fib(u32 n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

u32 run_fib(u32 passes)
{
    u32 sum = 0;

    for (u32 n = 0; n < passes; n++)
        sum = mix(sum, fib(21 + (n & 3)));
    return sum;
}

/* Backtracking, with the board in arrays: the queens of an 8 by 8 board. */
static u8 columns[8], up[16], down[16];

static NOINLINE u32 place(u32 row, u32 weight)
{
    u32 found = 0;

    if (row == 8)
        return weight;
    for (u32 column = 0; column < 8; column++) {
        if (columns[column] || up[row + column] || down[row - column + 7])
            continue;
        columns[column] = up[row + column] = down[row - column + 7] = 1;
        found += place(row + 1, weight * 9 + column);
        columns[column] = up[row + column] = down[row - column + 7] = 0;
    }
    return found;
}

u32 run_queens(u32 passes)
{
    u32 sum = 0;

    for (u32 n = 0; n < passes * 6; n++)
        sum = mix(sum, place(0, n));
    return sum;
}

/*
 * Functions that each begin on a page of their own, in chains 32 calls deep
 * and through a table of pointers; one has a loop that runs over the end of
 * its page. Their addresses, not their work, are the point.
 */
typedef u32 step(u32 depth, u32 value);
static step *const steps[32];
#define PAGE __attribute__((noinline, aligned(4096)))
#define STEP(n, next, work) \
    static PAGE u32 step##n(u32 depth, u32 value) \
    { \
        value = (work); \
        if (depth == 0) \
            return value ^ n; \
        return (depth & 3 ? next(depth - 1, value) : steps[value & 31](depth - 1, value)) + n; \
    }

static u32 step0(u32 depth, u32 value);
STEP(31, step0, value * 5 + 31)
STEP(30, step31, value ^ value >> 15)
STEP(29, step30, value + (value << 10))
STEP(28, step29, value ^ value << 3)
STEP(27, step28, value * 9 + depth)
STEP(26, step27, value - (value >> 4))
STEP(25, step26, ~value + depth)
STEP(24, step25, value ^ value << 7)
STEP(23, step24, value * 3 + 23)
STEP(22, step23, value ^ value >> 11)
STEP(21, step22, value + (value << 12))
STEP(20, step21, value ^ value << 5)
STEP(19, step20, value * 17 + depth)
STEP(18, step19, value - (value >> 6))
STEP(17, step18, ~value - depth)
STEP(16, step17, value ^ value << 9)
STEP(15, step16, value * 33 + 15)
STEP(14, step15, value ^ value >> 13)
STEP(13, step14, value + (value << 4))
STEP(12, step13, value ^ value << 2)
STEP(11, step12, value * 7 + depth)
STEP(10, step11, value - (value >> 5))
STEP(9, step10, ~value + 3 * depth)
STEP(8, step9, value ^ value << 6)
STEP(7, step8, value * 11 + 7)
STEP(6, step7, value ^ value >> 9)
STEP(5, step6, value + (value << 8))
STEP(4, step5, value ^ value << 1)
STEP(3, step4, value * 13 + depth)
STEP(2, step3, value - (value >> 3))
STEP(1, step2, ~value - 5 * depth)
STEP(0, step1, value ^ value << 11)

static step *const steps[32] = {
    step0,  step1,  step2,  step3,  step4,  step5,  step6,  step7,  step8,  step9,  step10,
    step11, step12, step13, step14, step15, step16, step17, step18, step19, step20, step21,
    step22, step23, step24, step25, step26, step27, step28, step29, step30, step31,
};

/* u32 over_the_page(u32 turns, u32 value): its loop begins 16 bytes before the end of a page. */
__asm__(".text\n"
        "	.balign	4096\n"
        "	.space	4076\n"
        "	.type	over_the_page, @function\n"
        "over_the_page:\n"
        "	.set	push\n"
        "	.set	noreorder\n"
        "	addiu	$2, $5, 1\n"
        "1:	sll	$8, $2, 5\n"
        "	subu	$8, $8, $2\n"
        "	addu	$2, $8, $4\n"
        "	srl	$8, $2, 16\n"
        "	addiu	$4, $4, -1\n"
        "	bnez	$4, 1b\n"
        "	 xor	$2, $2, $8\n"
        "	jr	$31\n"
        "	 nop\n"
        "	.set	pop\n"
        "	.size	over_the_page, . - over_the_page\n");
u32 over_the_page(u32 turns, u32 value);

u32 run_calls(u32 passes)
{
    u32 sum = 1;

    for (u32 n = 0; n < passes * 1500; n++) {
        sum = mix(sum, steps[sum & 31](32, sum));
        sum ^= over_the_page(40, n);
    }
    return sum;
}
