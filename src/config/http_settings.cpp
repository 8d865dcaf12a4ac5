// SPDX-License-Identifier: Apache-2.0
#include "config/http_settings.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace heddle::config {
namespace {

constexpr std::array<std::string_view, 7> kCredentials = {"authorization", "cookie",    "proxy-authorization",
                                                          "set-cookie",    "x-api-key", "x-service-key",
                                                          "x-tenant-id"};

// `*` stands for any characters, also none. Linear in both but for the last star's tries.
bool matches(std::string_view pattern, std::string_view name) {
    std::size_t at = 0, in_name = 0, star = std::string_view::npos, retry = 0;
    while (in_name < name.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            retry = in_name;
        } else if (at < pattern.size() && pattern[at] == name[in_name]) {
            ++at;
            ++in_name;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            in_name = ++retry;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

bool anyMatches(const std::vector<std::string>& patterns, std::string_view name) {
    return std::ranges::any_of(patterns, [&](const auto& pattern) { return matches(pattern, name); });
}

}  // namespace

bool isCredential(std::string_view name) {
    return std::ranges::find(kCredentials, name) != kCredentials.end();
}

bool HeaderRule::passes(std::string_view name) const {
    return anyMatches(includes, name) && !anyMatches(excludes, name) && !isCredential(name);
}

}  // namespace heddle::config
