/* Loops of integer arithmetic: in registers, over tables, with HI and LO. */
#include "bench.h"
#include "programs.h"

#define ROTATE_LEFT(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define ROTATE_RIGHT(x, n) ((x) >> (n) | (x) << (32 - (n)))

/* Registers alone. */
u32 run_alu(u32 passes)
{
    u32 a = 0x12345678, b = 0x9abcdef0, c = 1, d = 0;

    for (u32 i = 0; i < passes * 120000; i++) {
        a ^= a << 13;
        a ^= a >> 17;
        a ^= a << 5;
        b = ROTATE_LEFT(b, 7) + (a & 0xffff);
        c = c * 69069 + (b >> 3);
        d += (s32)a < (s32)c ? a ^ i : c - i;
        d = ROTATE_RIGHT(d, 11) ^ (u32)__builtin_clz(b | 1);
    }
    return mix(a, b) ^ mix(c, d);
}

u32 run_crc32(u32 passes)
{
    u32 *table = (u32 *)arena, crc = 0xffffffff, seed = 1;
    u8 *bytes = arena + 3 * 4096;

    for (u32 i = 0; i < 256; i++) {
        u32 c = i;
        for (u32 k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
        table[i] = c;
    }
    for (u32 i = 0; i < 65536; i++)
        bytes[i] = random_next(&seed) >> 24;
    for (u32 n = 0; n < passes * 6; n++)
        for (u32 i = 0; i < 65536; i++)
            crc = table[(crc ^ bytes[i]) & 255] ^ crc >> 8;
    return ~crc;
}

/* FIPS 180-4, section 6.2. */
static void sha256_block(u32 *hash, const u8 *block)
{
    static const u32 k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    };
    u32 w[64], a = hash[0], b = hash[1], c = hash[2], d = hash[3];
    u32 e = hash[4], f = hash[5], g = hash[6], h = hash[7];

    for (u32 i = 0; i < 16; i++, block += 4)
        w[i] = (u32)block[0] << 24 | block[1] << 16 | block[2] << 8 | block[3];
    for (u32 i = 16; i < 64; i++) {
        u32 x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + (ROTATE_RIGHT(x, 7) ^ ROTATE_RIGHT(x, 18) ^ x >> 3) + w[i - 7]
               + (ROTATE_RIGHT(y, 17) ^ ROTATE_RIGHT(y, 19) ^ y >> 10);
    }
    for (u32 i = 0; i < 64; i++) {
        u32 t = h + (ROTATE_RIGHT(e, 6) ^ ROTATE_RIGHT(e, 11) ^ ROTATE_RIGHT(e, 25)) + ((e & f) ^ (~e & g))
                + k[i] + w[i];
        u32 s = (ROTATE_RIGHT(a, 2) ^ ROTATE_RIGHT(a, 13) ^ ROTATE_RIGHT(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t;
        d = c, c = b, b = a, a = t + s;
    }
    hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d;
    hash[4] += e, hash[5] += f, hash[6] += g, hash[7] += h;
}

u32 run_sha256(u32 passes)
{
    u32 hash[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    u32 seed = 2;

    for (u32 i = 0; i < 65536; i++)
        arena[i] = random_next(&seed) >> 24;
    for (u32 n = 0; n < passes; n++)
        for (u32 i = 0; i < 65536; i += 64)
            sha256_block(hash, arena + i);
    return hash[0] ^ hash[3] ^ hash[7];
}

#define ORDER 64
u32 run_matrix(u32 passes)
{
    u32 *a = (u32 *)arena, *b = (u32 *)(arena + 5 * 4096), *c = (u32 *)(arena + 12 * 4096), sum = 0;

    for (u32 i = 0; i < ORDER * ORDER; i++) {
        a[i] = i * 2654435761u >> 8;
        b[i] = (i ^ 0x5a5a) * 40503u;
    }
    for (u32 n = 0; n < passes; n++) {
        for (u32 i = 0; i < ORDER; i++)
            for (u32 j = 0; j < ORDER; j++) {
                u32 t = 0;
                for (u32 k = 0; k < ORDER; k++)
                    t += a[i * ORDER + k] * b[k * ORDER + j];
                c[i * ORDER + j] = t;
            }
        for (u32 i = 0; i < ORDER * ORDER; i++) {
            sum = mix(sum, c[i]);
            a[i] ^= c[i] >> 7;
        }
    }
    return sum;
}

/* Squarings of a 1024-bit number modulo 2^1024 - 105, then a short division: MULTU, MADDU, DIVU. */
#define LIMBS 32
u32 run_bignum(u32 passes)
{
    static u32 x[LIMBS], square[2 * LIMBS];
    u32 sum = 0;

    for (u32 i = 0; i < LIMBS; i++)
        x[i] = 0x9e3779b9u * (i + 1);
    for (u32 n = 0; n < passes * 150; n++) {
        u64 carry = 0;
        u32 rest = 0;

        for (u32 i = 0; i < 2 * LIMBS; i++)
            square[i] = 0;
        for (u32 i = 0; i < LIMBS; i++) {
            carry = 0;
            for (u32 j = 0; j < LIMBS; j++) {
                carry += (u64)x[i] * x[j] + square[i + j];
                square[i + j] = carry;
                carry >>= 32;
            }
            square[i + LIMBS] = carry;
        }
        carry = 0;
        for (u32 i = 0; i < LIMBS; i++) {
            carry += (u64)square[i + LIMBS] * 105 + square[i];
            x[i] = carry;
            carry >>= 32;
        }
        for (carry *= 105; carry;)
            for (u32 i = 0; i < LIMBS && carry; i++) {
                carry += x[i];
                x[i] = carry;
                carry >>= 32;
            }
        /* The remainder by a 16-bit prime, half a limb at a time. */
        for (u32 i = LIMBS; i-- > 0;) {
            rest = (rest << 16 | x[i] >> 16) % 65521;
            rest = (rest << 16 | (x[i] & 0xffff)) % 65521;
        }
        sum = mix(sum, rest);
    }
    return sum ^ x[0];
}
