// SPDX-License-Identifier: Apache-2.0
#include "api/mount.hpp"

namespace heddle::api {

bool isProbe(std::string_view path) {
    return path == "/ok" || path == "/ready";
}

std::optional<std::string_view> Mount::inside(std::string_view path) const {
    if (prefix_.empty()) return path;
    if (path.starts_with(prefix_)) {
        const auto rest = path.substr(prefix_.size());
        if (rest.empty()) return "/";
        if (rest.front() == '/') return rest;
    }
    return isProbe(path) ? std::optional(path) : std::nullopt;
}

void Mount::relocate(http::Response& response) const {
    if (prefix_.empty()) return;
    for (const std::string_view name : {"location", "content-location"}) {
        const auto path = response.headers.get(name);
        if (path && path->starts_with('/')) response.headers.set(name, prefix_ + std::string(*path));
    }
}

}  // namespace heddle::api
