// SPDX-License-Identifier: Apache-2.0
// The latest state of a thread: from its row, or from a worker when the row is behind.
#pragma once

#include "base/result.hpp"
#include "graph/executor.hpp"
#include "sql/database.hpp"

#include <boost/asio/awaitable.hpp>

namespace heddle::run {

// ThreadState JSON. An idle thread's row is mended when a crash or a cancel left it behind its checkpoints.
// kNotFound for an unknown thread; kUnavailable when a worker is needed and none answers.
boost::asio::awaitable<Result<RawJson>> latestState(sql::Database& db, graph::Executor& executor,
                                                    ThreadId id);

}  // namespace heddle::run
