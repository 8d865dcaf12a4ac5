// SPDX-License-Identifier: Apache-2.0
#include "http/target.hpp"

#include <algorithm>

namespace heddle::http {
namespace {

int hexValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// What follows scheme and authority of an absolute-form target; the target itself when it is not one.
std::string_view withoutAuthority(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
        if (target.size() < scheme.size() ||
            !std::ranges::equal(target.substr(0, scheme.size()), scheme, same)) {
            continue;
        }
        const auto end = target.find_first_of("/?", scheme.size());
        return end == std::string_view::npos ? std::string_view() : target.substr(end);
    }
    return target;
}

bool parseQuery(std::string_view text, Request& request) {
    while (!text.empty()) {
        const auto end = std::min(text.find('&'), text.size());
        const auto pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        auto key = percentDecode(pair.substr(0, equals), PlusSign::kSpace);
        auto value = percentDecode(pair.substr(std::min(equals + 1, pair.size())), PlusSign::kSpace);
        if (!key || !value) return false;
        request.query.emplace_back(std::move(*key), std::move(*value));
    }
    return true;
}

}  // namespace

std::optional<std::string> percentDecode(std::string_view text, PlusSign plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (text.size() - i < 3) return std::nullopt;
            const int high = hexValue(text[i + 1]), low = hexValue(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus == PlusSign::kSpace) {
            c = ' ';
        }
        if (c == '\0') return std::nullopt;
        out += c;
    }
    return out;
}

bool parseTarget(Request& request) {
    auto rest = withoutAuthority(request.target);
    if (rest.find('#') != std::string_view::npos) return false;
    const auto question = std::min(rest.find('?'), rest.size());
    const auto raw_path = rest.substr(0, question);
    // "http://host" and "http://host?x" mean the root.
    const bool is_absolute = rest.data() != request.target.data();
    auto path = percentDecode(raw_path.empty() && is_absolute ? "/" : raw_path, PlusSign::kLiteral);
    if (!path || path->empty() || (path->front() != '/' && *path != "*")) return false;
    request.path = std::move(*path);
    return parseQuery(rest.substr(std::min(question + 1, rest.size())), request);
}

}  // namespace heddle::http
