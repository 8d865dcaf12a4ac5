// SPDX-License-Identifier: Apache-2.0
#include "api/query_list.hpp"

#include "base/text.hpp"

#include <charconv>

namespace heddle::api {

std::vector<std::string> queryList(const http::Request& request, std::string_view name) {
    std::vector<std::string> items;
    for (std::string_view text : request.queryValues(name)) {
        while (!text.empty()) {
            const auto end = text.find(',');
            if (end != 0) items.emplace_back(text.substr(0, end));
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
    }
    return items;
}

bool queryFlag(const http::Request& request, std::string_view name) {
    const auto text = request.queryValue(name).value_or("");
    return text == "1" || isSameName(text, "true");
}

std::int64_t queryInteger(const http::Request& request, std::string_view name, std::int64_t fallback) {
    const auto text = request.queryValue(name);
    std::int64_t value = fallback;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

}  // namespace heddle::api
