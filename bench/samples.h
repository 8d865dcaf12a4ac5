// SPDX-License-Identifier: Apache-2.0
// Measured times in microseconds and their percentiles.
#ifndef HEDDLE_BENCH_SAMPLES_H
#define HEDDLE_BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t* us;
    size_t size, capacity;
} samples;

// Ends the program when there is no memory.
void samples_add(samples* list, uint64_t us);

// Prints `, "name": {"p50": …}`, or nothing when there are none. Sorts the list.
void samples_print(const char* name, samples* list);

#endif
