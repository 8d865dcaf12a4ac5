// SPDX-License-Identifier: Apache-2.0
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

void samples_add(samples* list, uint64_t us) {
    if (list->size == list->capacity) {
        list->capacity = list->capacity == 0 ? 4096 : list->capacity * 2;
        list->us = realloc(list->us, list->capacity * sizeof *list->us);
        if (list->us == NULL) abort();
    }
    list->us[list->size++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int by_value(const void* a, const void* b) {
    const uint32_t x = *(const uint32_t*)a, y = *(const uint32_t*)b;
    return (x > y) - (x < y);
}

void samples_print(const char* name, samples* list) {
    if (list->size == 0) return;
    qsort(list->us, list->size, sizeof *list->us, by_value);
    const size_t last = list->size - 1;
    printf(", \"%s\": {\"p50\": %u, \"p90\": %u, \"p99\": %u, \"max\": %u, \"count\": %zu}", name,
           list->us[last / 2], list->us[last * 90 / 100], list->us[last * 99 / 100], list->us[last],
           list->size);
}
