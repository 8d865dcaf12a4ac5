// SPDX-License-Identifier: Apache-2.0
// `http` of langgraph.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::config {

struct CorsSettings {
    std::vector<std::string> allow_origins;          // as browsers send them, in lower case; "*": any
    std::string allow_origin_regex;                  // POSIX extended, valid; must match the whole origin
    std::vector<std::string> allow_methods = {"*"};  // upper case
    std::vector<std::string> allow_headers = {"*"};
    std::vector<std::string> expose_headers;
    bool allow_credentials = false;
    std::int64_t max_age_s = 600;
};

// Headers that carry credentials: they go nowhere. `name` in lower case.
[[nodiscard]] bool isCredential(std::string_view name);

// Which of a request's headers go further: patterns of names in lower case, `*` stands for any characters.
// Without `includes` none.
struct HeaderRule {
    std::vector<std::string> includes;
    std::vector<std::string> excludes;  // they win

    // `name` in lower case. Never a credential.
    [[nodiscard]] bool passes(std::string_view name) const;
};

struct HttpSettings {
    bool disable_assistants = false;
    bool disable_threads = false;
    bool disable_runs = false;  // and crons
    bool disable_store = false;
    bool disable_meta = false;  // /info, /metrics, /docs…; the probes stay
    bool disable_webhooks = false;
    std::string mount_prefix;          // "/api"; empty: none
    HeaderRule configurable_headers;   // into config.configurable of runs
    HeaderRule logging_headers;        // into the request's log line
    std::optional<CorsSettings> cors;  // nothing: the built-in rule
};

}  // namespace heddle::config
