// SPDX-License-Identifier: Apache-2.0
#include "base/memory.hpp"

#include <cstdlib>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace heddle {

void returnLargeBlocks() {
#if defined(__GLIBC__)
    constexpr int kLargeBlock = 1024 * 1024;
    // Setting it also ends the C library's habit of raising it.
    mallopt(M_MMAP_THRESHOLD, kLargeBlock);
#endif
}

}  // namespace heddle
