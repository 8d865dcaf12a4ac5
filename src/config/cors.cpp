// SPDX-License-Identifier: Apache-2.0
// `http.cors`: which websites may call. Entries that no browser's Origin header can equal are refused rather
// than never matched.
#include "base/text.hpp"
#include "config/loading.hpp"

#include <regex.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace heddle::config {
namespace {

constexpr std::int64_t kLongestAge_s = 24 * 3600;  // browsers cap it anyway

// What is wrong with an origin as RFC 6454 §6.2 writes it; nothing: it may be one.
std::optional<std::string> originProblem(std::string_view origin) {
    if (origin == "*" || origin == "null") return std::nullopt;
    const auto scheme_end = origin.find("://");
    if (scheme_end == std::string_view::npos || scheme_end == 0)
        return "expected an origin, as in https://app.example.com, or \"*\"";
    const auto scheme = origin.substr(0, scheme_end);
    const auto host = origin.substr(scheme_end + 3);
    if (host.find('*') != std::string_view::npos)
        return "\"*\" stands for any origin only alone; for a pattern use allow_origin_regex";
    if (host.empty() || host.find_first_of("/?#@ ") != std::string_view::npos)
        return "expected scheme, host and perhaps a port: no path, no \"/\" at the end";
    const auto default_port = scheme == "https" ? ":443" : scheme == "http" ? ":80" : "";
    if (*default_port != '\0' && host.ends_with(default_port))
        return "browsers leave this port out: write the origin without it";
    return std::nullopt;
}

void readOrigins(const Field& field, CorsSettings& cors) {
    cors.allow_origins.clear();
    for (const auto& element : field.elements()) {
        const auto text = element.text();
        if (!text) continue;
        std::string origin = lowerCase(*text);
        if (const auto why = originProblem(origin)) {
            element.problem(*why);
        } else {
            cors.allow_origins.push_back(std::move(origin));
        }
    }
}

// Python's expressions, which LangGraph takes, are mostly POSIX's too. What would silently mean something
// else here is refused.
std::optional<std::string> regexProblem(const std::string& text) {
    bool in_brackets = false, quantified = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_brackets) {
            if (c == '\\') return "in brackets a backslash is a character of its own: write [[:alnum:]_.-]";
            if (c == '[' && i + 1 < text.size() && text[i + 1] == ':') i = text.find(":]", i + 2) + 1;
            if (i == 0) break;  // no end: regcomp says so
            in_brackets = c != ']';
            continue;
        }
        if (quantified && (c == '?' || c == '+'))
            return "lazy and possessive quantifiers (\"*?\", \"++\") are not known";
        quantified = c == '*' || c == '+' || c == '?' || c == '}';
        if (c == '\\') {
            ++i;
            const char next = i < text.size() ? text[i] : '\0';
            constexpr std::string_view kKnown = "wWsSbB";
            if (std::isalnum(static_cast<unsigned char>(next)) != 0 &&
                kKnown.find(next) == std::string_view::npos)
                return std::string("\"\\") + next + "\" is not known; for digits write [0-9]";
        } else if (c == '[') {
            in_brackets = true;
            if (i + 1 < text.size() && text[i + 1] == '^') ++i;
            if (i + 1 < text.size() && text[i + 1] == ']') ++i;  // first in the list: itself
        }
    }
    regex_t compiled{};
    if (regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
        return "not a POSIX extended regular expression";
    regfree(&compiled);
    return std::nullopt;
}

void readOriginRegex(const Field& field, CorsSettings& cors) {
    const auto text = field.text();
    if (!text) return;
    if (const auto why = regexProblem(*text)) {
        field.problem(*why);
    } else {
        cors.allow_origin_regex = *text;
    }
}

void readMethods(const Field& field, CorsSettings& cors) {
    cors.allow_methods = field.tokens();
    for (auto& method : cors.allow_methods) {
        std::ranges::transform(method, method.begin(), [](unsigned char c) { return std::toupper(c); });
    }
}

constexpr std::array<Key<CorsSettings>, 7> kKeys{{
    {"allow_origins", readOrigins, "list, `[]`",
     "origins that may call from a browser, as in `https://app.example.com`; `\"*\"` is any. See "
     "[Websites](#websites)"},
    {"allow_origin_regex", readOriginRegex, "string",
     "POSIX extended regular expression that must match the whole origin"},
    {"allow_methods", readMethods, "list, `[\"*\"]`", "methods that other origins may use; `\"*\"` is any"},
    {"allow_headers", [](const Field& field, CorsSettings& cors) { cors.allow_headers = field.tokens(); },
     "list, `[\"*\"]`",
     "request headers that they may send; `Accept`, `Accept-Language`, `Content-Language` and `Content-Type` "
     "always"},
    {"expose_headers", [](const Field& field, CorsSettings& cors) { cors.expose_headers = field.tokens(); },
     "list, `[]`", "response headers that their scripts may read; `\"*\"` is any"},
    {"allow_credentials", [](const Field& field, CorsSettings& cors) { field.into(cors.allow_credentials); },
     "boolean, `false`", "their requests may carry cookies and the like"},
    {"max_age",
     [](const Field& field, CorsSettings& cors) {
         cors.max_age_s = field.integer(0, kLongestAge_s).value_or(cors.max_age_s);
     },
     "0–86400 seconds, `600`", "how long browsers may keep a preflight's answer"},
}};

}  // namespace

void readCors(const Field& field, Loading& loading) {
    auto& cors = loading.config.http.cors.emplace();
    readBlock<CorsSettings>(field, kKeys, {}, cors);
    const auto& origins = cors.allow_origins;
    if (cors.allow_credentials && std::ranges::find(origins, "*") != origins.end()) {
        field.warning(
            "allow_credentials with the origin \"*\" lets every website act with the user's cookies");
    }
}

void corsTexts(const std::string& key, KeyTexts& texts) {
    addTexts<CorsSettings>(key, kKeys, texts);
}

}  // namespace heddle::config
