// SPDX-License-Identifier: Apache-2.0
#include "store/assistants.hpp"

#include "store/assistant_rows.hpp"
#include "store/assistant_versions.hpp"
#include "store/conditions.hpp"
#include "store/json_match.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace heddle::store {
namespace {

constexpr std::string_view kSelect =
    "SELECT uuid, graph_id, name, description, config, context, metadata, version, created_at, updated_at"
    " FROM assistants";

std::string escapedForLike(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string orderBy(const AssistantQuery& query) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kColumns = {{
        {"assistant_id", "uuid"},
        {"created_at", "created_at"},
        {"updated_at", "updated_at"},
        {"name", "name"},
        {"graph_id", "graph_id"},
    }};
    const auto* const column = std::find_if(kColumns.begin(), kColumns.end(),
                                            [&query](const auto& c) { return c.first == query.sort_by; });
    if (column == kColumns.end()) throw std::logic_error("assistants cannot be sorted by " + query.sort_by);
    const std::string direction = query.order == SortOrder::kAscending ? " ASC" : " DESC";
    return " ORDER BY " + std::string(column->second) + direction + ", id" + direction;
}

// There are few assistants: metadata is compared here.
template <class Each>
void eachMatch(sql::Connection& db, const AssistantQuery& query, const std::string& order, const Each& each) {
    Conditions conditions;
    if (query.graph_id) conditions.add("graph_id = ?", *query.graph_id);
    if (query.name) {
        conditions.add("lower(name) LIKE lower(?) ESCAPE '\\'", "%" + escapedForLike(*query.name) + "%");
    }
    auto rows = conditions.query(db, std::string(kSelect) + conditions.where() + order);
    while (rows.step()) {
        if (containsJson(JsonView::trusted(rows.text(6)), query.metadata.view())) each(rows);
    }
}

// Whether config and context are those that the configuration gave the system assistant the last time.
bool wasGiven(sql::Connection& db, const Assistant& system) {
    auto row = db.query(
        "SELECT s.config, s.context FROM system_assistants s JOIN assistants a ON a.id = s.assistant"
        " WHERE a.uuid = $1",
        system.id.str());
    const bool known = row.step();
    const auto given = [&](int column) { return JsonView::trusted(known ? row.text(column) : "{}"); };
    return equalJson(given(0), system.config.view()) && equalJson(given(1), system.context.view());
}

void keepGiven(sql::Connection& db, const Assistant& system) {
    db.run(
        "INSERT INTO system_assistants (assistant, config, context) SELECT id, $1, $2 FROM assistants WHERE "
        "uuid = $3 ON CONFLICT (assistant) DO UPDATE SET config = excluded.config, context = "
        "excluded.context",
        system.config.text(), system.context.text(), system.id.str());
}

void takeOver(sql::Connection& db, const Assistant& system) {
    auto assistant = findAssistant(db, system.id).value();
    if (equalJson(assistant.config.view(), system.config.view()) &&
        equalJson(assistant.context.view(), system.context.view()))
        return;
    assistant.config = system.config;
    assistant.context = system.context;
    assistant.version = nextVersion(db, system.id);
    assistant.updated_at = system.updated_at;
    saveAssistant(db, assistant);
    keepVersion(db, assistant);
}

}  // namespace

bool insertAssistant(sql::Connection& db, const Assistant& assistant) {
    const bool inserted =
        db.run(
            "INSERT INTO assistants (uuid, graph_id, name, description, config, context, metadata, "
            "version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            " ON CONFLICT (uuid) DO NOTHING",
            assistant.id.str(), assistant.graph_id, assistant.name, assistant.description,
            assistant.config.text(), assistant.context.text(), assistant.metadata.text(), assistant.version,
            assistant.created_at.micros(), assistant.updated_at.micros()) > 0;
    if (inserted) keepVersion(db, assistant);
    return inserted;
}

void saveAssistant(sql::Connection& db, const Assistant& assistant) {
    db.run(
        "UPDATE assistants SET graph_id = $1, name = $2, description = $3, config = $4, context = $5,"
        " metadata = $6, version = $7, created_at = $8, updated_at = $9 WHERE uuid = $10",
        assistant.graph_id, assistant.name, assistant.description, assistant.config.text(),
        assistant.context.text(), assistant.metadata.text(), assistant.version, assistant.created_at.micros(),
        assistant.updated_at.micros(), assistant.id.str());
}

bool removeAssistant(sql::Connection& db, const AssistantId& id) {
    return db.run("DELETE FROM assistants WHERE uuid = $1", id.str()) > 0;
}

void ensureSystemAssistants(sql::Connection& db, const std::vector<Assistant>& system) {
    for (const Assistant& assistant : system) {
        if (insertAssistant(db, assistant)) {
            keepGiven(db, assistant);
        } else if (!wasGiven(db, assistant)) {
            takeOver(db, assistant);
            keepGiven(db, assistant);
        }
    }
}

std::optional<Assistant> findAssistant(sql::Connection& db, const AssistantId& id) {
    auto row = db.query(
        "SELECT uuid, graph_id, name, description, config, context, metadata, version, created_at, updated_at"
        " FROM assistants WHERE uuid = $1",
        id.str());
    return row.step() ? std::optional<Assistant>(readAssistant(row)) : std::nullopt;
}

AssistantPage searchAssistants(sql::Connection& db, const AssistantQuery& query) {
    AssistantPage page;
    eachMatch(db, query, orderBy(query), [&](const sql::Statement& row) {
        const auto place = page.total++;
        const bool shown = place >= query.offset && place - query.offset < query.limit;
        if (shown) page.assistants.push_back(readAssistant(row));
    });
    return page;
}

std::int64_t countAssistants(sql::Connection& db, const AssistantQuery& query) {
    std::int64_t count = 0;
    eachMatch(db, query, {}, [&count](const sql::Statement&) { ++count; });
    return count;
}

}  // namespace heddle::store
