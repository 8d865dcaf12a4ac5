// SPDX-License-Identifier: Apache-2.0
#include "store/assistants.hpp"

#include "store/assistant_rows.hpp"
#include "store/assistant_versions.hpp"
#include "store/json_match.hpp"
#include "store/locked_row.hpp"
#include "store/metadata_index.hpp"

#include <string>

namespace heddle::store {
namespace {

std::optional<LockedRow> lockAssistant(sql::Connection& db, const AssistantId& id) {
    return lockRow(db, "assistants", id.str());
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
    if (!inserted) return false;
    keepVersion(db, assistant);
    if (assistant.metadata.text() == "{}") return true;
    const RawJson nothing = RawJson::trusted("{}");
    updateMetadataIndex(db, kAssistantMetadata, lockAssistant(db, assistant.id)->id, nothing.view(),
                        assistant.metadata.view());
    return true;
}

void saveAssistant(sql::Connection& db, const Assistant& assistant) {
    const auto before = lockAssistant(db, assistant.id);
    if (!before) return;
    db.run(
        "UPDATE assistants SET graph_id = $1, name = $2, description = $3, config = $4, context = $5,"
        " metadata = $6, version = $7, created_at = $8, updated_at = $9 WHERE uuid = $10",
        assistant.graph_id, assistant.name, assistant.description, assistant.config.text(),
        assistant.context.text(), assistant.metadata.text(), assistant.version, assistant.created_at.micros(),
        assistant.updated_at.micros(), assistant.id.str());
    updateMetadataIndex(db, kAssistantMetadata, before->id, before->metadata.view(),
                        assistant.metadata.view());
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

}  // namespace heddle::store
