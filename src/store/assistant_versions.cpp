// SPDX-License-Identifier: Apache-2.0
#include "store/assistant_versions.hpp"

#include "store/assistant_rows.hpp"
#include "store/json_match.hpp"

#include <string>

namespace heddle::store {

#define HEDDLE_SELECT_VERSION                                                                       \
    "SELECT a.uuid, v.graph_id, v.name, v.description, v.config, v.context, v.metadata, v.version," \
    " a.created_at, v.created_at FROM assistant_versions v JOIN assistants a ON a.id = v.assistant" \
    " WHERE a.uuid = $1"

void keepVersion(sql::Connection& db, const Assistant& assistant) {
    db.run(
        "INSERT INTO assistant_versions (assistant, version, graph_id, name, description, config, context, "
        "metadata,"
        " created_at) SELECT id, $1, $2, $3, $4, $5, $6, $7, $8 FROM assistants WHERE uuid = $9",
        assistant.version, assistant.graph_id, assistant.name, assistant.description, assistant.config.text(),
        assistant.context.text(), assistant.metadata.text(), assistant.updated_at.micros(),
        assistant.id.str());
}

std::int64_t nextVersion(sql::Connection& db, const AssistantId& id) {
    auto row = db.query(
        "SELECT coalesce(max(v.version), 0) + 1 FROM assistant_versions v JOIN assistants a ON a.id = "
        "v.assistant"
        " WHERE a.uuid = $1",
        id.str());
    return row.step() ? row.integer(0) : 1;
}

std::optional<Assistant> findVersion(sql::Connection& db, const AssistantId& id, std::int64_t version) {
    auto row = db.query(HEDDLE_SELECT_VERSION " AND v.version = $2", id.str(), version);
    return row.step() ? std::optional<Assistant>(readAssistant(row)) : std::nullopt;
}

std::vector<Assistant> listVersions(sql::Connection& db, const AssistantId& id, const VersionQuery& query) {
    std::vector<Assistant> out;
    auto rows = db.query(HEDDLE_SELECT_VERSION " ORDER BY v.version DESC", id.str());
    std::int64_t place = 0;
    while (place - query.offset < query.limit && rows.step()) {
        if (!containsJson(JsonView::trusted(rows.text(6)), query.metadata.view())) continue;
        if (place++ >= query.offset) out.push_back(readAssistant(rows));
    }
    return out;
}

}  // namespace heddle::store
