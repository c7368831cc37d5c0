/*
 * The benchmark: fixed amounts of integer work, each ending in a checksum
 * that is compared with a known one. The amount is a number of passes, 20
 * for the whole and 1 for `quick`.
 *
 * The known values come from the same C run on another processor:
 *   cc -DBENCH_HOST -funsigned-char -Iinclude -o bench user/bench.c && ./bench
 * prints the table. Everything is 32-bit and byte order does not matter.
 */
#ifdef BENCH_HOST
#include <stdint.h>
#include <stdio.h>
#include <string.h>
typedef uint8_t u8;
typedef uint32_t u32;
typedef int32_t s32;
#else
#include "user.h"
#endif

#define SIZE 65536
static u8 bytes[SIZE];
static u32 words[16384];

static void fill(u32 seed)
{
    for (u32 i = 0; i < SIZE; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = seed >> 24;
    }
}

static u32 bench_sieve(u32 passes)
{
    u32 sum = 0;

    for (u32 n = 0; n < passes * 3; n++) {
        memset(bytes, 1, SIZE);
        for (u32 i = 2; i * i < SIZE; i++)
            if (bytes[i])
                for (u32 k = i * i; k < SIZE; k += i)
                    bytes[k] = 0;
        for (u32 i = 2; i < SIZE; i++)
            sum = sum * 31 + bytes[i] * i;
    }
    return sum;
}

static u32 bench_crc32(u32 passes)
{
    u32 crc = 0xffffffff;

    for (u32 i = 0; i < 256; i++) {
        u32 c = i;
        for (u32 k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
        words[i] = c;
    }
    fill(1);
    for (u32 n = 0; n < passes * 6; n++)
        for (u32 i = 0; i < SIZE; i++)
            crc = words[(crc ^ bytes[i]) & 255] ^ crc >> 8;
    return ~crc;
}

#define ROR(x, n) ((x) >> (n) | (x) << (32 - (n)))

static void sha256_block(u32 *h, const u8 *p)
{
    static const u32 k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2,
    };
    u32 w[64], v[8];

    for (u32 i = 0; i < 16; i++, p += 4)
        w[i] = (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
    for (u32 i = 16; i < 64; i++) {
        u32 a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (ROR(a, 7) ^ ROR(a, 18) ^ a >> 3) + w[i - 7]
               + (ROR(b, 17) ^ ROR(b, 19) ^ b >> 10);
    }
    for (u32 i = 0; i < 8; i++)
        v[i] = h[i];
    for (u32 i = 0; i < 64; i++) {
        u32 e = v[4], a = v[0];
        u32 t1 = v[7] + (ROR(e, 6) ^ ROR(e, 11) ^ ROR(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + k[i] + w[i];
        u32 t2 = (ROR(a, 2) ^ ROR(a, 13) ^ ROR(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        v[7] = v[6];
        v[6] = v[5];
        v[5] = e;
        v[4] = v[3] + t1;
        v[3] = v[2];
        v[2] = v[1];
        v[1] = a;
        v[0] = t1 + t2;
    }
    for (u32 i = 0; i < 8; i++)
        h[i] += v[i];
}

/* First the digest of "abc" (FIPS 180-4's example), then a longer chain. */
static u32 bench_sha256(u32 passes)
{
    static const u32 initial[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    u32 h[8], sum;

    memset(bytes, 0, 64);
    memcpy(bytes, "abc\x80", 4);
    bytes[63] = 24;
    memcpy(h, initial, sizeof h);
    sha256_block(h, bytes);
    sum = h[0] == 0xba7816bf && h[7] == 0xf20015ad;
    fill(2);
    memcpy(h, initial, sizeof h);
    for (u32 n = 0; n < passes; n++)
        for (u32 i = 0; i < SIZE; i += 64)
            sha256_block(h, bytes + i);
    return sum ? h[0] ^ h[3] ^ h[7] : 0;
}

#define N 48
static u32 bench_matrix(u32 passes)
{
    u32 *a = words, *b = words + N * N, *c = words + 2 * N * N, sum = 0;

    for (u32 i = 0; i < N * N; i++) {
        a[i] = i * 2654435761u >> 8;
        b[i] = (i ^ 0x5a5a) * 40503u;
    }
    for (u32 n = 0; n < passes * 4; n++) {
        for (u32 i = 0; i < N; i++)
            for (u32 j = 0; j < N; j++) {
                u32 t = 0;
                for (u32 k = 0; k < N; k++)
                    t += a[i * N + k] * b[k * N + j];
                c[i * N + j] = t;
            }
        for (u32 i = 0; i < N * N; i++) {
            sum = sum * 33 + c[i] / (i + 1);
            a[i] ^= c[i] >> 7;
        }
    }
    return sum;
}

static void quicksort(u32 *v, s32 low, s32 high)
{
    while (low < high) {
        u32 pivot = v[low + (high - low) / 2];
        s32 i = low, j = high;

        while (i <= j) {
            while (v[i] < pivot)
                i++;
            while (v[j] > pivot)
                j--;
            if (i <= j) {
                u32 t = v[i];
                v[i++] = v[j];
                v[j--] = t;
            }
        }
        if (j - low < high - i) {
            quicksort(v, low, j);
            low = i;
        } else {
            quicksort(v, i, high);
            high = j;
        }
    }
}

static u32 bench_qsort(u32 passes)
{
    u32 seed = 3, sum = 0;

    for (u32 n = 0; n < passes * 3; n++) {
        for (u32 i = 0; i < 8192; i++)
            words[i] = seed = seed * 1664525 + 1013904223;
        quicksort(words, 0, 8191);
        for (u32 i = 1; i < 8192; i++)
            sum += words[i - 1] <= words[i] ? words[i] ^ i : 0xdeadbeef;
    }
    return sum;
}

/* Build text out of words, look the words up in it, reverse it. */
static u32 bench_strings(u32 passes)
{
    static const char *const parts[8] = { "page", "table", "entry", "address", "space", "fault",
                                          "guest", "kernel" };
    char *text = (char *)bytes;
    u32 sum = 0, seed = 4;

    for (u32 n = 0; n < passes * 6; n++) {
        u32 length = 0, pick;
        while (length < 16000) {
            seed = seed * 1664525 + 1013904223;
            for (const char *s = parts[seed >> 29]; *s; s++)
                text[length++] = *s;
            text[length++] = ' ';
        }
        text[length] = 0;
        pick = seed >> 13 & 7;
        for (u32 i = 0; i < length; i++) {
            u32 k = 0;
            while (parts[pick][k] && parts[pick][k] == text[i + k])
                k++;
            if (!parts[pick][k])
                sum += i * (pick + 1);
        }
        for (u32 i = 0, j = length - 1; i < j; i++, j--) {
            char c = text[i];
            text[i] = text[j];
            text[j] = c;
        }
        for (u32 i = 0; i < length; i++)
            sum = sum * 17 + (u8)text[i];
    }
    return sum;
}

/* An interpreter of a small stack machine, running 3n+1 sequences. */
enum { PUSH, LOAD, STORE, ADD, MUL, SHR, AND, JZ, JMP, SUB, OUT, END };
#define INTERPRETED 6
static u32 bench_interpreter(u32 passes)
{
    static const u8 code[] = {
        /*  0 */ LOAD, 0, JZ, 62,  /* while (n) { */
        /*  4 */ LOAD, 0, STORE, 1,  /* x = n; */
        /*  8 */ LOAD, 1, PUSH, 1, SUB, JZ, 50,  /* while (x != 1) { */
        /* 15 */ LOAD, 2, PUSH, 1, ADD, STORE, 2,  /* steps++; */
        /* 22 */ LOAD, 1, PUSH, 1, AND, JZ, 41,  /* if (x & 1) */
        /* 29 */ LOAD, 1, PUSH, 3, MUL, PUSH, 1, ADD, STORE, 1, JMP, 8,  /* x = 3 * x + 1; */
        /* 41 */ LOAD, 1, PUSH, 1, SHR, STORE, 1, JMP, 8,  /* else x >>= 1; } */
        /* 50 */ LOAD, 2, OUT, LOAD, 0, PUSH, 1, SUB, STORE, 0, JMP, 0,  /* out(steps); n--; } */
        /* 62 */ END,
    };
    u32 variable[4] = { 0 }, stack[16], sum = 0;

    for (u32 n = 0; n < passes * INTERPRETED; n++) {
        u32 pc = 0, sp = 0;

        variable[0] = 60 + n % 8;
        variable[2] = 0;
        for (;;) {
            switch (code[pc++]) {
            case PUSH:
                stack[sp++] = code[pc++];
                break;
            case LOAD:
                stack[sp++] = variable[code[pc++]];
                break;
            case STORE:
                variable[code[pc++]] = stack[--sp];
                break;
            case ADD:
                sp--;
                stack[sp - 1] += stack[sp];
                break;
            case SUB:
                sp--;
                stack[sp - 1] -= stack[sp];
                break;
            case MUL:
                sp--;
                stack[sp - 1] *= stack[sp];
                break;
            case SHR:
                sp--;
                stack[sp - 1] >>= stack[sp];
                break;
            case AND:
                sp--;
                stack[sp - 1] &= stack[sp];
                break;
            case JZ:
                pc = stack[--sp] ? pc + 1 : code[pc];
                break;
            case JMP:
                pc = code[pc];
                break;
            case OUT:
                sum = sum * 37 + stack[--sp];
                break;
            case END:
                goto done;
            }
        }
    done:;
    }
    return sum;
}

/* Follow a chain through 256 pages in no order: one TLB miss a step. */
static u32 bench_pages(u32 passes)
{
    static u32 memory[256][1024];
    u32 at = 0, sum = 0;

    for (u32 i = 0; i < 256; i++)
        memory[i][(i * 37) % 1024] = (i * 109 + 57) % 256;
    for (u32 n = 0; n < passes * 20000; n++) {
        at = memory[at][(at * 37) % 1024];
        sum = sum * 5 + at;
    }
    return sum;
}

static const struct {
    const char *name;
    u32 (*run)(u32 passes);
    u32 quick, full;
} benches[] = {
    { "sieve", bench_sieve, 0x2d369239, 0x34fcfef4 },
    { "crc32", bench_crc32, 0xc22130fa, 0xb5c68655 },
    { "sha256", bench_sha256, 0xbd6c9d2c, 0xeffc2272 },
    { "matrix", bench_matrix, 0x43bf44fd, 0xa91ddd08 },
    { "qsort", bench_qsort, 0xa740c5c1, 0xd91a4c4a },
    { "strings", bench_strings, 0xbd00e337, 0x0e7dce27 },
    { "interpreter", bench_interpreter, 0xee79e78d, 0xebcc2dd4 },
    { "pages", bench_pages, 0x43155910, 0x652d8140 },
};
#define BENCHES (sizeof benches / sizeof benches[0])

#ifdef BENCH_HOST
int main(void)
{
    for (u32 i = 0; i < BENCHES; i++) {
        u32 quick = benches[i].run(1), full = benches[i].run(20);
        printf("    { \"%s\", bench_%s, 0x%08x, 0x%08x },\n", benches[i].name, benches[i].name,
               quick, full);
    }
}
#else
int bench_main(int argc, char **argv)
{
    u32 passes = 20, bad = 0, ran = 0;
    const char *only = NULL;

    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "quick"))
            passes = 1;
        else
            only = argv[i];
    for (u32 i = 0; i < BENCHES; i++) {
        u32 start, sum, ok;
        if (only && strcmp(only, benches[i].name))
            continue;
        start = now_ms();
        sum = benches[i].run(passes);
        ok = sum == (passes == 1 ? benches[i].quick : benches[i].full);
        printf("bench: %-11s 0x%08x %s (%u ms)\n", benches[i].name, sum, ok ? "ok" : "BAD",
               now_ms() - start);
        bad += !ok;
        ran++;
    }
    if (!ran)
        printf("bench: there is no %s\n", only);
    else
        printf("bench: %s\n", bad ? "BAD" : "ok");
    return bad || !ran;
}
#endif
