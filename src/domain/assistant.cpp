// SPDX-License-Identifier: Apache-2.0
#include "domain/assistant.hpp"

namespace heddle {
namespace {

bool isEmpty(JsonView object) {
    return object.fields().empty();
}

}  // namespace

Problem noAssistant(std::string_view name) {
    return Problem::notFound("Assistant with ID " + std::string(name) + " not found");
}

Problem bothConfigurableAndContext() {
    return Problem::badRequest(
        "Cannot specify both configurable and context. Prefer setting context alone. Context was "
        "introduced in LangGraph 0.6.0 and is the long term planned replacement for configurable.");
}

Result<void> setSettings(Assistant& assistant, const std::optional<RawJson>& config,
                         const std::optional<RawJson>& context) {
    const JsonView configurable = (config ? config->view() : JsonView()).objectAt("configurable");
    if (context && !isEmpty(context->view())) {
        if (!isEmpty(configurable)) {
            return bothConfigurableAndContext();
        }
        JsonWriter writer;
        writer.beginObject().key("configurable").raw(*context).endObject();
        const RawJson mirrored = RawJson::trusted(writer.take());
        assistant.config = config ? mergeObjects(config->view(), mirrored.view()) : mirrored;
        assistant.context = *context;
    } else if (config) {
        assistant.config = *config;
        assistant.context = RawJson::copy(configurable);
    } else if (context) {
        assistant.config = RawJson::trusted("{}");
        assistant.context = *context;
    }
    return {};
}

AssistantId systemAssistantId(std::string_view graph_id) {
    static const auto space = Uuid::parse("6ba7b821-9dad-11d1-80b4-00c04fd430c8").value();
    return AssistantId(Uuid::v5(space, graph_id));
}

}  // namespace heddle
