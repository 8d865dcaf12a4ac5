// SPDX-License-Identifier: Apache-2.0
// The transaction that copies a thread. Runs in a write job.
#pragma once

#include "base/result.hpp"
#include "domain/thread.hpp"
#include "sql/connection.hpp"

namespace heddle::run {

// A thread `target` with the metadata, config, state and checkpoints (same ids) of `source` as they are now,
// without its runs. It waits where the source waits, so that it can be resumed; otherwise it is idle, also
// while the source is busy. kNotFound for an unknown source.
Result<Thread> copyThread(sql::Connection& db, const ThreadId& source, const ThreadId& target, Timestamp now);

}  // namespace heddle::run
