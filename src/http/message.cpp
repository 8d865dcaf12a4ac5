// SPDX-License-Identifier: Apache-2.0
#include "http/message.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace heddle::http {
std::string_view toString(Method method) {
    switch (method) {
        case Method::kGet:
            return "GET";
        case Method::kHead:
            return "HEAD";
        case Method::kPost:
            return "POST";
        case Method::kPut:
            return "PUT";
        case Method::kPatch:
            return "PATCH";
        case Method::kDelete:
            return "DELETE";
        case Method::kOptions:
            return "OPTIONS";
        case Method::kOther:
            break;
    }
    return "OTHER";
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
    for (const auto& [field, value] : fields) {
        if (isSameName(field, name)) return value;
    }
    return std::nullopt;
}

void Headers::set(std::string_view name, std::string value) {
    const auto same = [&](const Header& header) { return isSameName(header.first, name); };
    const auto first = std::ranges::find_if(fields, same);
    if (first == fields.end()) {
        fields.emplace_back(name, std::move(value));
        return;
    }
    first->second = std::move(value);
    fields.erase(std::remove_if(std::next(first), fields.end(), same), fields.end());
}

std::optional<std::string_view> Request::queryValue(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::vector<std::string_view> Request::queryValues(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : query) {
        if (key == name) values.emplace_back(value);
    }
    return values;
}

std::string_view Request::param(std::string_view name) const {
    for (const auto& [key, value] : params) {
        if (key == name) return value;
    }
    return {};
}

Response Response::json(unsigned status, std::string body) {
    Response response;
    response.status = status;
    response.headers.fields.emplace_back("content-type", "application/json");
    response.body = std::move(body);
    return response;
}

}  // namespace heddle::http
