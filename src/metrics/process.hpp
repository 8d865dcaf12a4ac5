// SPDX-License-Identifier: Apache-2.0
// What the kernel says about this process. Any thread; zeros where /proc is missing.
#pragma once

#include <cstdint>

namespace heddle::metrics {

struct ProcessInfo {
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t open_files = 0;
    std::uint64_t max_files = 0;
    double cpu_seconds = 0;  // user and system
};

[[nodiscard]] ProcessInfo processInfo();

}  // namespace heddle::metrics
