// SPDX-License-Identifier: Apache-2.0
// Time for the benchmarks' clients. Needs _GNU_SOURCE (or POSIX) before the first include.
#ifndef HEDDLE_BENCH_CLOCK_H
#define HEDDLE_BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

// Monotonic, in µs.
static inline uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

#endif
