#include "programs.h"

const struct program integer_programs[] = {
    { "alu", run_alu },
    { "sieve", run_sieve },
    { "crc32", run_crc32 },
    { "sha256", run_sha256 },
    { "memcpy", run_memcpy },
    { "stride", run_stride },
    { "qsort", run_qsort },
    { "interpreter", run_interpreter },
    { "fib", run_fib },
    { "hash", run_hash },
    { "linked", run_linked },
    { "matrix", run_matrix },
    { "bignum", run_bignum },
    { "parser", run_parser },
    { "records", run_records },
    { "calls", run_calls },
    { "queens", run_queens },
    { NULL, NULL },
};

const struct program float_programs[] = {
    { "mandelbrot", run_mandelbrot },
    { "nbody", run_nbody },
    { "matmul", run_matmul },
    { "fft", run_fft },
    { "spectral", run_spectral },
    { "linpack", run_linpack },
    { "julia", run_julia },
    { "audio", run_audio },
    { NULL, NULL },
};
