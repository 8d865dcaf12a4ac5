// SPDX-License-Identifier: Apache-2.0
// Threads that expire, pruning, and what a thread takes up. Functions run inside a job, on a storage thread.
#pragma once

#include "domain/thread.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace heddle::store {

// Deletes the thread, or all its checkpoints but the latest of each namespace, which changes nothing of its
// latest state. False, and nothing done, when there is no such thread or it has an open run.
bool pruneThread(sql::Connection& db, const ThreadId& id, TtlStrategy strategy);

struct ExpiredThreads {
    std::vector<ThreadId> deleted;
    std::vector<ThreadId> pruned;  // their time to live has started anew

    [[nodiscard]] std::size_t count() const { return deleted.size() + pruned.size(); }
};
// Does what their ttl says to at most `limit` threads that have expired, the longest overdue first. Threads
// with an open run wait for its end, and those in `held` for another time.
ExpiredThreads expireThreads(sql::Connection& db, Timestamp now, std::int64_t limit,
                             const std::vector<ThreadId>& held);

// Bytes as stored, without the database's own overhead.
struct ThreadStorage {
    struct Part {
        std::int64_t count = 0;
        std::int64_t bytes = 0;
    };
    struct Channel {
        std::string name;
        Part versions;
    };
    Part checkpoints;
    Part channel_values;
    std::vector<Channel> channels;  // by name
    Part pending_writes;

    [[nodiscard]] std::int64_t bytes() const {
        return checkpoints.bytes + channel_values.bytes + pending_writes.bytes;
    }
};
ThreadStorage threadStorage(sql::Connection& db, const ThreadId& id);

}  // namespace heddle::store
