// SPDX-License-Identifier: Apache-2.0
#include "api/selected_headers.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "domain/run.hpp"

#include <algorithm>
#include <utility>

namespace heddle::api {
namespace {

bool isUtf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto width = utf8::sequence(text, i);
        if (width == 0) return false;
        i += width;
    }
    return true;
}

std::string asUtf8(std::string_view bytes) {
    if (isUtf8(bytes)) return std::string(bytes);
    std::string out;
    for (const char byte : bytes) utf8::append(out, static_cast<unsigned char>(byte));
    return out;
}

}  // namespace

std::vector<http::Header> selectedHeaders(const http::Headers& headers, const config::HeaderRule& rule) {
    std::vector<http::Header> out;
    if (rule.includes.empty()) return out;
    for (const auto& [sent_name, value] : headers.fields) {
        std::string name = lowerCase(sent_name);
        if (!rule.passes(name)) continue;
        const auto before = std::ranges::find(out, name, &http::Header::first);
        if (before == out.end()) {
            out.emplace_back(std::move(name), asUtf8(value));
        } else {
            before->second += ", " + asUtf8(value);
        }
    }
    return out;
}

RawJson configurableHeaders(const http::Headers& headers, const config::HeaderRule& rule) {
    JsonWriter writer;
    writer.beginObject();
    for (const auto& [name, value] : selectedHeaders(headers, rule)) {
        if (isServersOwn(name)) continue;
        writer.key(name).string(value);
    }
    writer.endObject();
    return RawJson::trusted(writer.take());
}

}  // namespace heddle::api
