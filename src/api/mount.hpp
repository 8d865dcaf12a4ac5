// SPDX-License-Identifier: Apache-2.0
// `http.mount_prefix`: where the API's paths begin. Immutable.
#pragma once

#include "http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace heddle::api {

// The paths that monitors ask for: they stay at the root too, and when `http.disable_meta` takes the others.
[[nodiscard]] bool isProbe(std::string_view path);

class Mount {
  public:
    // `prefix`: "/api", or empty: everything is at the root.
    explicit Mount(std::string prefix) : prefix_(std::move(prefix)) {}

    // The API's own path for one that was asked for ("/api/threads" → "/threads"), a view into it. Nothing
    // outside the prefix, but for the probes.
    [[nodiscard]] std::optional<std::string_view> inside(std::string_view path) const;
    // Puts the prefix before the paths in Location and Content-Location.
    void relocate(http::Response& response) const;

  private:
    std::string prefix_;
};

}  // namespace heddle::api
