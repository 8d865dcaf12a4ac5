// SPDX-License-Identifier: Apache-2.0
// The versions of assistants. The assistant's own row has what holds; each version stays as it was made.
// Functions run inside a job.
#pragma once

#include "domain/assistant.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace heddle::store {

// Keeps what the assistant's row says as a version of its own, numbered `assistant.version`.
void keepVersion(sql::Connection& db, const Assistant& assistant);
// The number for the next one: above all there are.
std::int64_t nextVersion(sql::Connection& db, const AssistantId& id);
// As it was made, with the assistant's own created_at and the version's time as updated_at; nothing when
// there is no such version.
std::optional<Assistant> findVersion(sql::Connection& db, const AssistantId& id, std::int64_t version);

struct VersionQuery {
    RawJson metadata = RawJson::trusted("{}");  // must be contained
    std::int64_t limit = 10;
    std::int64_t offset = 0;
};
// Newest first; updated_at is when the version was made.
std::vector<Assistant> listVersions(sql::Connection& db, const AssistantId& id, const VersionQuery& query);

}  // namespace heddle::store
