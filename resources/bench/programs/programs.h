/* The benchmark's programs. */
#pragma once
#include "bench.h"

u32 run_alu(u32 passes);
u32 run_crc32(u32 passes);
u32 run_sha256(u32 passes);
u32 run_matrix(u32 passes);
u32 run_bignum(u32 passes);

u32 run_sieve(u32 passes);
u32 run_memcpy(u32 passes);
u32 run_stride(u32 passes);
u32 run_linked(u32 passes);
u32 run_hash(u32 passes);

u32 run_qsort(u32 passes);
u32 run_fib(u32 passes);
u32 run_calls(u32 passes);
u32 run_queens(u32 passes);

u32 run_interpreter(u32 passes);
u32 run_parser(u32 passes);
u32 run_records(u32 passes);

u32 run_mandelbrot(u32 passes);
u32 run_nbody(u32 passes);
u32 run_matmul(u32 passes);
u32 run_fft(u32 passes);
u32 run_spectral(u32 passes);
u32 run_linpack(u32 passes);
u32 run_julia(u32 passes);
u32 run_audio(u32 passes);
