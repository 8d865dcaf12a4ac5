// SPDX-License-Identifier: Apache-2.0
// Our own parser: Boost.URL 1.81 reads the host of http://127.0.0.1.evil.com/ as 127.0.0.1 and wraps port
// 99999.
#include "webhook/url.hpp"

#include "base/text.hpp"
#include "webhook/host.hpp"

#include <algorithm>
#include <optional>

namespace heddle::webhook {
namespace {

bool isControl(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
bool isDigit(char c) {
    return c >= '0' && c <= '9';
}
bool isAlpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// What breaks request lines or makes parsers disagree about where the host ends.
std::optional<Problem> findForbidden(std::string_view text) {
    for (const char c : text) {
        if (isControl(c)) return Problem::invalid("Webhook URL must not contain control characters");
        if (c == ' ') return Problem::invalid("Webhook URL must not contain spaces");
        if (c == '\\') return Problem::invalid("Webhook URL must not contain backslashes");
    }
    return std::nullopt;
}

// `rest`: everything after the authority. Existing percent-encoding stays as it is: a token must arrive
// unchanged.
std::string encodeTarget(std::string_view rest) {
    static constexpr std::string_view kUnsafe = "\"<>^`{|}";
    static constexpr char kHex[] = "0123456789ABCDEF";
    rest = rest.substr(0, rest.find('#'));
    std::string target;
    target.reserve(rest.size() + 1);
    if (rest.empty() || rest.front() == '?') target += '/';
    for (const char c : rest) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80 && kUnsafe.find(c) == std::string_view::npos) {
            target += c;
            continue;
        }
        target += '%';
        target += kHex[byte >> 4U];
        target += kHex[byte & 15U];
    }
    return target;
}

Result<std::uint16_t> parsePort(std::string_view text) {
    const Problem problem = Problem::invalid("Webhook port must be a number from 1 to 65535");
    if (text.empty() || text.size() > 5 || text.front() == '0') return problem;
    std::uint32_t port = 0;
    for (const char c : text) {
        if (!isDigit(c)) return problem;
        port = port * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (port > 65'535) return problem;
    return static_cast<std::uint16_t>(port);
}

// Splits "host", "host:port", "[v6]" or "[v6]:port".
Result<void> parseHostPort(std::string_view text, Url& url) {
    std::string_view host;
    std::string_view after;
    const bool bracketed = !text.empty() && text.front() == '[';
    if (bracketed) {
        const auto end = text.find(']');
        if (end == std::string_view::npos)
            return Problem::invalid("Webhook host is not a valid IPv6 address");
        host = text.substr(1, end - 1);
        after = text.substr(end + 1);
    } else {
        const auto end = std::min(text.find(':'), text.size());
        host = text.substr(0, end);
        after = text.substr(end);
    }
    auto canonical = bracketed ? canonicalIpv6(host) : canonicalHost(host);
    if (!canonical) return canonical.error();
    url.host = std::move(*canonical);
    url.port = url.tls ? 443 : 80;
    if (after.empty()) return {};
    if (after.front() != ':') return Problem::invalid("Webhook host is not a valid host name");
    const auto port = parsePort(after.substr(1));
    if (!port) return port.error();
    url.port = *port;
    return {};
}

Result<void> parseAuthority(std::string_view text, Url& url) {
    if (text.find('@') != std::string_view::npos) {
        return Problem::invalid("Webhook URL must not contain user information: configure webhooks.headers");
    }
    if (text.empty()) return Problem::invalid("Webhook URL has no host");
    return parseHostPort(text, url);
}

// The scheme, and in `rest` what follows "://".
Result<void> parseScheme(std::string_view text, Url& url, std::string_view& rest) {
    const auto colon = text.find(':');
    const auto scheme = text.substr(0, colon);
    url.tls = isSameName(scheme, "https");
    if (colon == std::string_view::npos || (!url.tls && !isSameName(scheme, "http"))) {
        // Only short, plain schemes are repeated: "user:secret@host" has no scheme.
        const bool named = colon != std::string_view::npos && text.substr(colon).starts_with("://") &&
                           scheme.size() <= 16 && std::all_of(scheme.begin(), scheme.end(), isAlpha);
        if (named && !scheme.empty()) {
            return Problem::invalid("Webhook scheme '" + std::string(scheme) +
                                    "' not allowed, only http and https");
        }
        return Problem::invalid("Webhook URL must start with http://, https:// or /");
    }
    rest = text.substr(colon + 1);
    if (!rest.starts_with("//"))
        return Problem::invalid("Webhook URL must start with http://, https:// or /");
    rest.remove_prefix(2);
    return {};
}

}  // namespace

std::string Url::origin() const {
    if (relative) return "self";
    std::string out = tls ? "https://" : "http://";
    const bool bracketed = host.find(':') != std::string::npos;
    out += bracketed ? "[" + host + "]" : host;
    if (port != (tls ? 443 : 80)) out += ":" + std::to_string(port);
    return out;
}

Result<Url> parseUrl(std::string_view text) {
    if (text.empty()) return Problem::invalid("Webhook URL is empty");
    if (auto problem = findForbidden(text)) return std::move(*problem);
    Url url;
    if (text.front() == '/') {
        if (text.starts_with("//")) {
            return Problem::invalid(
                "Webhook URL must not start with //: write the scheme, or one / for this server");
        }
        url.relative = true;
        url.target = encodeTarget(text);
        return url;
    }
    std::string_view rest;
    if (const auto scheme = parseScheme(text, url, rest); !scheme) return scheme.error();
    const auto end = std::min(rest.find_first_of("/?#"), rest.size());
    if (const auto authority = parseAuthority(rest.substr(0, end), url); !authority) return authority.error();
    url.target = encodeTarget(rest.substr(end));
    return url;
}

std::string laneOf(std::string_view url) {
    const auto parsed = parseUrl(url);
    return parsed ? parsed->origin() : "invalid";
}

std::string hostOf(std::string_view url) {
    const auto parsed = parseUrl(url);
    if (!parsed) return "invalid";
    return parsed->relative ? "self" : parsed->host;
}

}  // namespace heddle::webhook
