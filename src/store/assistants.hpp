// SPDX-License-Identifier: Apache-2.0
// Assistants in the database. Functions run inside a job, on a storage thread.
#pragma once

#include "domain/assistant.hpp"
#include "sql/connection.hpp"
#include "store/threads.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle::store {

struct AssistantQuery {
    RawJson metadata = RawJson::trusted("{}");
    std::optional<std::string> graph_id;
    std::optional<std::string> name;  // substring, case-insensitive
    std::int64_t limit = 10;
    std::int64_t offset = 0;
    std::string sort_by = "created_at";  // assistant_id, created_at, updated_at, name, graph_id
    SortOrder order = SortOrder::kDescending;
};

struct AssistantPage {
    std::vector<Assistant> assistants;
    std::int64_t total = 0;
};

// Makes sure that the system assistant of each graph exists. An existing one gets config and context as a new
// version when they are not those that were given the last time: what clients changed stays otherwise. At
// start.
void ensureSystemAssistants(sql::Connection& db, const std::vector<Assistant>& system);
std::optional<Assistant> findAssistant(sql::Connection& db, const AssistantId& id);
// With its first version. False when the id is taken.
bool insertAssistant(sql::Connection& db, const Assistant& assistant);
// Writes everything but the id of an existing assistant; keeps no version.
void saveAssistant(sql::Connection& db, const Assistant& assistant);
bool removeAssistant(sql::Connection& db, const AssistantId& id);
AssistantPage searchAssistants(sql::Connection& db, const AssistantQuery& query);
std::int64_t countAssistants(sql::Connection& db, const AssistantQuery& query);

}  // namespace heddle::store
