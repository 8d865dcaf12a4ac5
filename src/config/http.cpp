// SPDX-License-Identifier: Apache-2.0
// `http`: which routes there are and where, and which headers go further. `http.cors` is in cors.cpp.
#include "base/text.hpp"
#include "config/loading.hpp"

#include <algorithm>
#include <array>

namespace heddle::config {
namespace {

using Severity = Finding::Severity;

template <bool HttpSettings::*flag>
void readFlag(const Field& field, Loading& loading) {
    field.into(loading.config.http.*flag);
}

void readMountPrefix(const Field& field, Loading& loading) {
    const auto text = field.text();
    if (!text) return;
    if (const auto why = mountPrefixProblem(*text)) {
        field.problem(*why);
    } else {
        loading.config.http.mount_prefix = *text;
    }
}

void readPatterns(const Field& field, std::vector<std::string>& patterns) {
    patterns = field.tokens();
    for (auto& pattern : patterns) pattern = lowerCase(pattern);
}

void readIncludes(const Field& field, HeaderRule& rule) {
    readPatterns(field, rule.includes);
    for (const auto& name : rule.includes) {
        if (isCredential(name)) field.warning("\"" + name + "\" is a credential and never passes");
    }
}

void readExcludes(const Field& field, HeaderRule& rule) {
    readPatterns(field, rule.excludes);
}

constexpr std::array<Key<HeaderRule>, 2> kRuleKeys{{
    {"includes", readIncludes, "list of patterns, `[]`",
     "headers of a request that pass, see [Headers](#headers-of-requests)"},
    {"excludes", readExcludes, "list of patterns, `[]`", "headers that do not, although they are included"},
}};

void ruleTexts(const std::string& key, KeyTexts& texts) {
    addTexts<HeaderRule>(key, kRuleKeys, texts);
}

template <HeaderRule HttpSettings::*rule>
void readRule(const Field& field, Loading& loading) {
    auto& to = loading.config.http.*rule;
    readBlock<HeaderRule>(field, kRuleKeys, {}, to);
    if (to.includes.empty() && !to.excludes.empty())
        field.warning("excludes without includes: nothing passes");
}

constexpr std::array<Key<Loading>, 10> kKeys{{
    {"disable_assistants", readFlag<&HttpSettings::disable_assistants>, "boolean, `false`",
     "takes routes away, see [Routes](#routes)"},
    {"disable_threads", readFlag<&HttpSettings::disable_threads>, "boolean, `false`", "the same"},
    {"disable_runs", readFlag<&HttpSettings::disable_runs>, "boolean, `false`", "the same"},
    {"disable_store", readFlag<&HttpSettings::disable_store>, "boolean, `false`", "the same"},
    {"disable_meta", readFlag<&HttpSettings::disable_meta>, "boolean, `false`", "the same"},
    {"disable_webhooks", readFlag<&HttpSettings::disable_webhooks>, "boolean, `false`",
     "runs execute, nothing is sent"},
    {"mount_prefix", readMountPrefix, "path, none",
     "where the routes begin, as in `/api`; see [Routes](#routes)"},
    {"configurable_headers", readRule<&HttpSettings::configurable_headers>, {}, {}, ruleTexts},
    {"logging_headers", readRule<&HttpSettings::logging_headers>, {}, {}, ruleTexts},
    {"cors", readCors, {}, {}, corsTexts},
}};

constexpr std::string_view kNoApp = "not supported: Heddle serves no routes of your own";
constexpr std::array<OtherKey, 6> kOthers{{
    {"app", Severity::kWarning, kNoApp},
    {"middleware_order", Severity::kWarning, kNoApp},
    {"enable_custom_route_auth", Severity::kWarning, kNoApp},
    {"disable_mcp", Severity::kNotice, ""},  // there is nothing to disable
    {"disable_a2a", Severity::kNotice, ""},
    {"disable_ui", Severity::kNotice, ""},
}};

}  // namespace

std::optional<std::string> mountPrefixProblem(std::string_view prefix) {
    if (!prefix.starts_with('/')) return "must start with \"/\", as in /api";
    if (prefix.ends_with('/')) return "must not end with \"/\"";
    constexpr std::string_view kMarks = "/-._~";  // unreserved in RFC 3986 §2.3
    const bool plain = std::ranges::all_of(prefix, [&](char c) {
        return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != std::string_view::npos;
    });
    if (!plain) return "must be a path of letters, digits and \"-._~\", without query";
    for (const std::string_view odd : {"//", "/./", "/../"}) {
        if ((std::string(prefix) + "/").find(odd) != std::string::npos)
            return "must not have \".\", \"..\" or nothing between two \"/\"";
    }
    return std::nullopt;
}

void readHttp(const Field& field, Loading& loading) {
    readBlock<Loading>(field, kKeys, kOthers, loading);
}

void httpTexts(const std::string& key, KeyTexts& texts) {
    addTexts<Loading>(key, kKeys, texts);
}

}  // namespace heddle::config
