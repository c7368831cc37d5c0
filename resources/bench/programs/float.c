/* Floating point, double and single, for an FPU with pairs of 32-bit registers (FR = 0). */
#include "bench.h"
#include "programs.h"

/* The bits of a number, so that checksums differ when anything was rounded otherwise. */
static u32 bits_of(double x)
{
    union {
        double number;
        u64 bits;
    } u = { x };

    return mix(u.bits, u.bits >> 32);
}

u32 run_mandelbrot(u32 passes)
{
    u32 sum = 0;

    for (u32 n = 0; n < passes; n++)
        for (u32 row = 0; row < 40; row++)
            for (u32 column = 0; column < 60; column++) {
                double cr = column * (3.0 / 60) - 2.2, ci = row * (2.4 / 40) - 1.2 + n * 0.001;
                double zr = 0, zi = 0, r2 = 0, i2 = 0;
                u32 turns = 0;

                while (turns < 100 && r2 + i2 < 4.0) {
                    zi = 2 * zr * zi + ci;
                    zr = r2 - i2 + cr;
                    r2 = zr * zr;
                    i2 = zi * zi;
                    turns++;
                }
                sum = mix(sum, turns);
            }
    return sum;
}

/* Sun and planets: positions, velocities and masses of no particular system. */
#define BODIES 5
static struct body {
    double x, y, z, vx, vy, vz, mass;
} bodies[BODIES];

static NOINLINE void advance(double dt)
{
    for (u32 i = 0; i < BODIES; i++) {
        struct body *a = &bodies[i];
        for (u32 j = i + 1; j < BODIES; j++) {
            struct body *b = &bodies[j];
            double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
            double square = dx * dx + dy * dy + dz * dz;
            double magnitude = dt / (square * __builtin_sqrt(square));

            a->vx -= dx * b->mass * magnitude;
            a->vy -= dy * b->mass * magnitude;
            a->vz -= dz * b->mass * magnitude;
            b->vx += dx * a->mass * magnitude;
            b->vy += dy * a->mass * magnitude;
            b->vz += dz * a->mass * magnitude;
        }
    }
    for (u32 i = 0; i < BODIES; i++) {
        bodies[i].x += dt * bodies[i].vx;
        bodies[i].y += dt * bodies[i].vy;
        bodies[i].z += dt * bodies[i].vz;
    }
}

u32 run_nbody(u32 passes)
{
    u32 sum = 0;

    for (u32 i = 0; i < BODIES; i++) {
        double orbit = i * 5.2 + (i ? 1 : 0);
        bodies[i] = (struct body){ orbit, i * 0.3, i * -0.1, i * 0.01, i ? 6.2 / (orbit + 1) : 0, 0.02 * i,
                                   i ? 0.04 / i : 39.5 };
    }
    for (u32 n = 0; n < passes * 1500; n++)
        advance(0.01);
    for (u32 i = 0; i < BODIES; i++)
        sum = mix(sum, bits_of(bodies[i].x) ^ bits_of(bodies[i].vz));
    return sum;
}

#define ORDER 48
u32 run_matmul(u32 passes)
{
    double *a = (double *)arena, *b = (double *)(arena + 7 * 4096), *c = (double *)(arena + 14 * 4096);
    u32 sum = 0;

    for (u32 i = 0; i < ORDER * ORDER; i++) {
        a[i] = (s32)(i * 37 % 101) * 0.125 - 6;
        b[i] = (s32)(i * 53 % 97) * 0.01;
    }
    for (u32 n = 0; n < passes * 2; n++) {
        for (u32 i = 0; i < ORDER; i++)
            for (u32 j = 0; j < ORDER; j++) {
                double t = 0;
                for (u32 k = 0; k < ORDER; k++)
                    t += a[i * ORDER + k] * b[k * ORDER + j];
                c[i * ORDER + j] = t;
            }
        for (u32 i = 0; i < ORDER; i++) {
            sum = mix(sum, bits_of(c[i * ORDER + i]));
            a[i * ORDER + (n + i) % ORDER] = c[i * ORDER + i] * 0.001;
        }
    }
    return sum;
}

/* Radix 2, in place, forth and back; the roots of unity by halving angles. */
#define POINTS 1024
static void transform(double *re, double *im, const double *cosine, const double *sine, double sign)
{
    for (u32 i = 1, j = 0; i < POINTS; i++) {
        u32 bit = POINTS >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            double t = re[i];
            re[i] = re[j];
            re[j] = t;
            t = im[i];
            im[i] = im[j];
            im[j] = t;
        }
    }
    for (u32 half = 1; half < POINTS; half <<= 1)
        for (u32 i = 0; i < half; i++) {
            double wr = cosine[i * (POINTS / 2 / half)], wi = sign * sine[i * (POINTS / 2 / half)];
            for (u32 k = i; k < POINTS; k += 2 * half) {
                u32 l = k + half;
                double tr = wr * re[l] - wi * im[l], ti = wr * im[l] + wi * re[l];
                re[l] = re[k] - tr;
                im[l] = im[k] - ti;
                re[k] += tr;
                im[k] += ti;
            }
        }
}

u32 run_fft(u32 passes)
{
    double *re = (double *)arena, *im = (double *)(arena + 3 * 4096);
    double *cosine = (double *)(arena + 6 * 4096), *sine = (double *)(arena + 9 * 4096);
    u32 sum = 0;

    cosine[0] = 1;
    sine[0] = 0;
    /* cos and sin of a half-turn's POINTS / 2 parts: of each power of two, then sums. */
    {
        double c = 0, s = 1;
        for (u32 step = POINTS / 4; step; step >>= 1) {
            cosine[step] = c;
            sine[step] = s;
            s = __builtin_sqrt((1 - c) / 2);
            c = __builtin_sqrt((1 + c) / 2);
        }
        for (u32 i = 1; i < POINTS / 2; i++) {
            u32 low = i & -i, rest = i ^ low;
            if (!rest)
                continue;
            cosine[i] = cosine[rest] * cosine[low] - sine[rest] * sine[low];
            sine[i] = sine[rest] * cosine[low] + cosine[rest] * sine[low];
        }
    }
    for (u32 i = 0; i < POINTS; i++) {
        re[i] = (s32)(i * 7 % 31) - 15;
        im[i] = (s32)(i * 11 % 29) * 0.5;
    }
    for (u32 n = 0; n < passes * 3; n++) {
        transform(re, im, cosine, sine, -1);
        sum = mix(sum, bits_of(re[n % POINTS]));
        transform(re, im, cosine, sine, 1);
        for (u32 i = 0; i < POINTS; i++) {
            re[i] *= 1.0 / POINTS;
            im[i] *= 1.0 / POINTS;
        }
    }
    return mix(sum, bits_of(im[5]));
}

/* The largest singular value of the matrix with 1 / ((i + j) (i + j + 1) / 2 + i + 1): divisions and conversions. */
#define SIDE 40
static NOINLINE double element(u32 i, u32 j)
{
    return 1.0 / (double)(s32)((i + j) * (i + j + 1) / 2 + i + 1);
}

static void times(const double *v, double *to, u32 transposed)
{
    for (u32 i = 0; i < SIDE; i++) {
        double sum = 0;
        for (u32 j = 0; j < SIDE; j++)
            sum += (transposed ? element(j, i) : element(i, j)) * v[j];
        to[i] = sum;
    }
}

u32 run_spectral(u32 passes)
{
    static double u[SIDE], v[SIDE], t[SIDE];
    double uv = 0, vv = 0;

    for (u32 i = 0; i < SIDE; i++)
        u[i] = 1;
    for (u32 n = 0; n < passes * 10; n++) {
        uv = vv = 0;
        times(u, t, 0);
        times(t, v, 1);
        for (u32 i = 0; i < SIDE; i++) {
            uv += u[i] * v[i];
            vv += v[i] * v[i];
        }
        for (u32 i = 0; i < SIDE; i++)
            u[i] = v[i] / __builtin_sqrt(vv);
    }
    return mix(bits_of(__builtin_sqrt(vv / uv)), bits_of(uv));
}

/* Gauss's elimination with pivots, its inner loop y += a x. */
#define EQUATIONS 48
static NOINLINE void daxpy(u32 count, double a, const double *x, double *y)
{
    for (u32 i = 0; i < count; i++)
        y[i] += a * x[i];
}

u32 run_linpack(u32 passes)
{
    double *a = (double *)arena;
    u32 sum = 0;

    for (u32 n = 0; n < passes * 3; n++) {
        u32 seed = 9 + n;
        for (u32 i = 0; i < EQUATIONS * (EQUATIONS + 1); i++)
            a[i] = (s32)random_next(&seed) * (1.0 / 2147483648.0);
        for (u32 k = 0; k < EQUATIONS; k++) {
            double *row = a + k * (EQUATIONS + 1), most = __builtin_fabs(row[k]);
            u32 pivot = k;
            for (u32 i = k + 1; i < EQUATIONS; i++) {
                double size = __builtin_fabs(a[i * (EQUATIONS + 1) + k]);
                if (size > most) {
                    most = size;
                    pivot = i;
                }
            }
            if (pivot != k)
                for (u32 j = k; j <= EQUATIONS; j++) {
                    double t = row[j];
                    row[j] = a[pivot * (EQUATIONS + 1) + j];
                    a[pivot * (EQUATIONS + 1) + j] = t;
                }
            for (u32 i = k + 1; i < EQUATIONS; i++) {
                double *other = a + i * (EQUATIONS + 1);
                daxpy(EQUATIONS - k, -other[k] / row[k], row + k + 1, other + k + 1);
            }
        }
        for (u32 k = EQUATIONS; k-- > 0;) {
            double *row = a + k * (EQUATIONS + 1), x = row[EQUATIONS];
            for (u32 j = k + 1; j < EQUATIONS; j++)
                x -= row[j] * a[j * (EQUATIONS + 1) + EQUATIONS];
            row[EQUATIONS] = x / row[k];
            sum = mix(sum, bits_of(row[EQUATIONS]));
        }
    }
    return sum;
}

/* Single precision. */
u32 run_julia(u32 passes)
{
    u32 sum = 0;

    for (u32 n = 0; n < passes; n++)
        for (u32 row = 0; row < 60; row++)
            for (u32 column = 0; column < 60; column++) {
                float zr = column * (3.0f / 60) - 1.5f, zi = row * (3.0f / 60) - 1.5f;
                float cr = -0.8f + n * 0.0001f, ci = 0.156f, r2 = zr * zr, i2 = zi * zi;
                u32 turns = 0;

                for (; turns < 60 && r2 + i2 < 4.0f; turns++) {
                    zi = 2 * zr * zi + ci;
                    zr = r2 - i2 + cr;
                    r2 = zr * zr;
                    i2 = zi * zi;
                }
                sum = mix(sum, turns);
            }
    return sum;
}

/* 16-bit samples through a filter of single precision and back, with a level in double: conversions of all kinds. */
#define SAMPLES 8192
u32 run_audio(u32 passes)
{
    signed short *samples = (signed short *)arena, *out = (signed short *)(arena + 5 * 4096);
    u32 sum = 0, seed = 10;

    for (u32 i = 0; i < SAMPLES; i++)
        samples[i] = (s32)random_next(&seed) >> 17;
    for (u32 n = 0; n < passes * 3; n++) {
        float x1 = 0, x2 = 0, y1 = 0, y2 = 0, gain = 0.9f + (n & 7) * 0.01f;
        double level = 0;

        for (u32 i = 0; i < SAMPLES; i++) {
            float x = (float)samples[i] * (1.0f / 32768), y;
            s32 sample;

            y = 0.2929f * x + 0.5858f * x1 + 0.2929f * x2 - 0.1716f * y2 + 0.0001f * y1;
            x2 = x1;
            x1 = x;
            y2 = y1;
            y1 = y;
            sample = (s32)(y * gain * 32767.0f);
            out[i] = sample > 32767 ? 32767 : sample < -32768 ? -32768 : sample;
            level = level * 0.999 + (double)(y < 0 ? -y : y) * 0.001;
            sum += out[i];
        }
        sum = mix(sum, bits_of(level) ^ (u32)(s32)(level * 1000000));
    }
    return sum;
}
