// SPDX-License-Identifier: Apache-2.0
// Who may call from a browser: CORS (WHATWG Fetch) and the Host check (decisions.md, "cross-origin and
// Host").
#pragma once

#include "config/config.hpp"
#include "http/message.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::api {

class Origins {
  public:
    explicit Origins(const config::Config& config);
    ~Origins();
    Origins(const Origins&) = delete;
    Origins& operator=(const Origins&) = delete;

    // A response where the request must go no further: a foreign Host (421), a preflight, a page of another
    // origin that may not change anything (403).
    [[nodiscard]] std::optional<http::Response> judge(const http::Request& request) const;
    // Adds the CORS headers that the request's origin may have, and `vary: Origin`.
    void decorate(const http::Request& request, http::Response& response) const;

  private:
    [[nodiscard]] bool originAllowed(std::string_view origin) const;
    [[nodiscard]] bool methodAllowed(std::string_view method) const;
    [[nodiscard]] bool headersAllowed(std::string_view list) const;  // "a, b"
    [[nodiscard]] bool isOwn(std::string_view origin, std::string_view host) const;
    [[nodiscard]] bool hostAllowed(std::string_view host) const;
    [[nodiscard]] http::Response preflight(const http::Request& request, std::string_view origin) const;

    class Pattern;
    const config::Config& config_;
    const config::CorsSettings* cors_;  // of config_; null: the built-in rule
    std::unique_ptr<Pattern> pattern_;  // of allow_origin_regex
};

}  // namespace heddle::api
