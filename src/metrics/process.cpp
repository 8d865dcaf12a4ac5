// SPDX-License-Identifier: Apache-2.0
#include "metrics/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

namespace heddle::metrics {
namespace {

double inSeconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::uint64_t countOpenFiles() {
    std::error_code failed;
    std::uint64_t count = 0;
    std::filesystem::directory_iterator entry("/proc/self/fd", failed);
    while (!failed && entry != std::filesystem::directory_iterator()) {
        ++count;
        entry.increment(failed);
    }
    return count > 0 ? count - 1 : 0;  // without the listing's own descriptor
}

}  // namespace

ProcessInfo processInfo() {
    ProcessInfo info;
    std::uint64_t virtual_pages = 0;
    std::uint64_t resident_pages = 0;
    if (std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages) {
        const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
        info.virtual_bytes = virtual_pages * page;
        info.resident_bytes = resident_pages * page;
    }
    rusage used{};
    if (getrusage(RUSAGE_SELF, &used) == 0)
        info.cpu_seconds = inSeconds(used.ru_utime) + inSeconds(used.ru_stime);
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) info.max_files = files.rlim_cur;
    info.open_files = countOpenFiles();
    return info;
}

}  // namespace heddle::metrics
