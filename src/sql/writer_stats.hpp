// SPDX-License-Identifier: Apache-2.0
// What the writer thread has done since it started, for metrics.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heddle::sql {

struct WriterStats {
    std::uint64_t jobs = 0;            // write jobs settled
    std::uint64_t batches = 0;         // commits
    std::uint64_t batch_jobs_max = 0;  // most jobs in one commit
    std::uint64_t reruns = 0;          // jobs that ran again because their batch could not commit as it was
    std::uint64_t errors = 0;          // jobs that failed with an exception
    std::uint64_t storage_errors = 0;  // of them because of the disk: full, or not to be written
    std::uint64_t commit_us = 0;       // time in COMMIT
    std::uint64_t commit_us_max = 0;
    std::size_t waiting = 0;  // jobs in the queue now
};

}  // namespace heddle::sql
