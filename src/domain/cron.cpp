// SPDX-License-Identifier: Apache-2.0
#include "domain/cron.hpp"

namespace heddle {

Problem noCron(std::string_view id) {
    return Problem::notFound("Cron '" + std::string(id) + "' not found");
}

RawJson shownPayload(const Cron& cron) {
    const auto objectAt = [](JsonView object, std::string_view key) {
        const auto value = object.given(key);
        return value && value->isObject() ? *value : JsonView::trusted("{}");
    };
    const JsonView config = objectAt(cron.payload.view(), "config");
    const RawJson id = RawJson::trusted(R"({"cron_id":")" + cron.id.str() + R"("})");
    const RawJson configurable = mergeObjects(objectAt(config, "configurable"), id.view());
    const RawJson whole =
        mergeObjects(config, JsonView::trusted(R"({"configurable":)" + configurable.text() + "}"));
    return mergeObjects(cron.payload.view(), JsonView::trusted(R"({"config":)" + whole.text() + "}"));
}

}  // namespace heddle
