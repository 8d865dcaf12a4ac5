// SPDX-License-Identifier: Apache-2.0
#include "domain/cron.hpp"

namespace heddle {

Problem noCron(std::string_view id) {
    return Problem::notFound("Cron '" + std::string(id) + "' not found");
}

RawJson shownPayload(const Cron& cron) {
    const JsonView config = cron.payload.view().objectAt("config");
    const RawJson id = RawJson::trusted(R"({"cron_id":")" + cron.id.str() + R"("})");
    const RawJson configurable = mergeObjects(config.objectAt("configurable"), id.view());
    const RawJson whole =
        mergeObjects(config, JsonView::trusted(R"({"configurable":)" + configurable.text() + "}"));
    return mergeObjects(cron.payload.view(), JsonView::trusted(R"({"config":)" + whole.text() + "}"));
}

}  // namespace heddle
