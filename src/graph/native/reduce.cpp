// SPDX-License-Identifier: Apache-2.0
#include "graph/native/reduce.hpp"

#include <algorithm>

namespace heddle::graph {
namespace {

// The elements of a list without its brackets; one value is its own only element.
std::string_view inside(JsonView value) {
    if (value.type() != JsonType::kArray) return value.text();
    const auto text = value.text();
    return text.substr(1, text.size() - 2);
}

bool isBlank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

void writeAppended(JsonWriter& out, JsonView old, JsonView added) {
    const auto before = old.isNull() ? std::string_view() : inside(old);
    const auto behind = added.isNull() ? std::string_view() : inside(added);
    std::string list;
    list.reserve(before.size() + behind.size() + 3);
    list.append("[").append(before);
    if (!isBlank(before) && !isBlank(behind)) list.append(",");
    list.append(behind).append("]");
    out.raw(list);
}

}  // namespace

Result<RawJson> reduce(JsonView state, JsonView update, const std::vector<std::string>& appended) {
    if (appended.empty() && update.isObject()) return RawJson::copy(update);
    JsonWriter out;
    out.beginObject();
    for (const auto& field : update.fields()) {
        out.key(field.key);
        if (std::find(appended.begin(), appended.end(), field.key) == appended.end()) {
            out.raw(field.value);
            continue;
        }
        const JsonView old = state.get(field.key).value_or(JsonView());
        if (!old.isNull() && old.type() != JsonType::kArray) {
            return Problem::invalid("Cannot append to \"" + field.key + "\": the state has no list there");
        }
        writeAppended(out, old, field.value);
    }
    out.endObject();
    return RawJson::trusted(out.take());
}

}  // namespace heddle::graph
