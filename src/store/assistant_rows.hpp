// SPDX-License-Identifier: Apache-2.0
// Rows of assistants and of their versions. Internal to store.
#pragma once

#include "domain/assistant.hpp"
#include "store/rows.hpp"

namespace heddle::store {

// Columns: uuid, graph_id, name, description, config, context, metadata, version, created_at, updated_at.
inline Assistant readAssistant(const sql::Statement& row) {
    Assistant out;
    out.id = idAt<AssistantId>(row, 0);
    out.graph_id = row.string(1);
    out.name = row.string(2);
    out.description = row.optionalString(3);
    out.config = jsonAt(row, 4);
    out.context = jsonAt(row, 5);
    out.metadata = jsonAt(row, 6);
    out.version = row.integer(7);
    out.created_at = timeAt(row, 8);
    out.updated_at = timeAt(row, 9);
    return out;
}

}  // namespace heddle::store
