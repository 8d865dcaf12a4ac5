// SPDX-License-Identifier: Apache-2.0
#include "domain/graph_question.hpp"

namespace heddle {

std::string toKey(const GraphQuestion& question) {
    JsonWriter key;
    key.beginArray().integer(static_cast<std::int64_t>(question.what)).string(question.graph_id);
    key.integer(question.depth.value_or(-1)).boolean(question.recurse);
    if (question.ns) {
        key.string(*question.ns);
    } else {
        key.null();
    }
    return key.raw(question.config).endArray().take();
}

}  // namespace heddle
