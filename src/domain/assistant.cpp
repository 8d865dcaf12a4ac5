// SPDX-License-Identifier: Apache-2.0
#include "domain/assistant.hpp"

namespace heddle {

AssistantId systemAssistantId(std::string_view graph_id) {
    static const auto space = Uuid::parse("6ba7b821-9dad-11d1-80b4-00c04fd430c8").value();
    return AssistantId(Uuid::v5(space, graph_id));
}

}  // namespace heddle
