// SPDX-License-Identifier: Apache-2.0
// What checkpoints.cpp and checkpoint_upkeep.cpp share. A space is a (thread, namespace). Internal to store.
#pragma once

#include "sql/connection.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace heddle::store {

[[nodiscard]] std::optional<std::int64_t> findSpace(sql::Connection& db, std::string_view thread_id,
                                                    std::string_view ns);
// Deleted spaces that wait to be swept have thread ids that begin with this.
inline constexpr std::string_view kDeletedPrefix = "\x1f";

// Finds it or makes it.
[[nodiscard]] std::int64_t spaceFor(sql::Connection& db, std::string_view thread_id, std::string_view ns);

}  // namespace heddle::store
