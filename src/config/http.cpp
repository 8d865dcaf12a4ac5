// SPDX-License-Identifier: Apache-2.0
// `http`: webhooks on or off, CORS.
#include "config/loading.hpp"

#include <regex.h>

#include <algorithm>
#include <array>

namespace heddle::config {
namespace {

constexpr std::int64_t kLongestAge = 24 * 3600;  // browsers cap it anyway

void readOriginRegex(const Field& field, CorsSettings& cors) {
    field.into(cors.allow_origin_regex);
    regex_t compiled{};
    if (regcomp(&compiled, cors.allow_origin_regex.c_str(), REG_EXTENDED | REG_NOSUB) == 0) {
        regfree(&compiled);
    } else {
        field.problem("not a POSIX extended regular expression");
    }
}

constexpr std::array<Key<CorsSettings>, 7> kCorsKeys{{
    {"allow_origins", [](const Field& field, CorsSettings& cors) { field.into(cors.allow_origins); }},
    {"allow_origin_regex", readOriginRegex},
    {"allow_methods", [](const Field& field, CorsSettings& cors) { field.into(cors.allow_methods); }},
    {"allow_headers", [](const Field& field, CorsSettings& cors) { field.into(cors.allow_headers); }},
    {"expose_headers", [](const Field& field, CorsSettings& cors) { field.into(cors.expose_headers); }},
    {"allow_credentials", [](const Field& field, CorsSettings& cors) { field.into(cors.allow_credentials); }},
    {"max_age",
     [](const Field& field, CorsSettings& cors) {
         cors.max_age_s = field.integer(0, kLongestAge).value_or(cors.max_age_s);
     }},
}};

void readCors(const Field& field, Loading& loading) {
    auto& cors = loading.config.cors.emplace();
    readBlock<CorsSettings>(field, kCorsKeys, {}, cors);
    const auto& origins = cors.allow_origins;
    if (cors.allow_credentials && std::find(origins.begin(), origins.end(), "*") != origins.end()) {
        field.warning(
            "allow_credentials with the origin \"*\" lets every website act with the user's cookies");
    }
}

constexpr std::array<Key<Loading>, 2> kKeys{{
    {"disable_webhooks",
     [](const Field& field, Loading& loading) { field.into(loading.config.disable_webhooks); }},
    {"cors", readCors},
}};

constexpr auto kOpen = Finding::Severity::kWarning;
constexpr std::string_view kStaysOn = "not supported yet: the routes stay open";
constexpr std::array<OtherKey, 14> kOthers{{
    {"app"},
    {"mount_prefix"},
    {"disable_assistants", kOpen, kStaysOn},
    {"disable_threads", kOpen, kStaysOn},
    {"disable_runs", kOpen, kStaysOn},
    {"disable_store", kOpen, kStaysOn},
    {"disable_meta", kOpen, kStaysOn},
    {"disable_mcp", Finding::Severity::kNotice, ""},  // there is nothing to disable
    {"disable_a2a", Finding::Severity::kNotice, ""},
    {"disable_ui", Finding::Severity::kNotice, ""},
    {"configurable_headers"},
    {"logging_headers"},
    {"middleware_order"},
    {"enable_custom_route_auth"},
}};

}  // namespace

void readHttp(const Field& field, Loading& loading) {
    readBlock<Loading>(field, kKeys, kOthers, loading);
}

}  // namespace heddle::config
