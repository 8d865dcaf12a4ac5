// SPDX-License-Identifier: Apache-2.0
// `webhooks.proxy`: "http://user:pass@host:3128", or an object with it. The text may hold a password: it is
// never repeated.
#include "base/base64.hpp"
#include "config/host_rules.hpp"
#include "config/webhook_blocks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace heddle::config {
namespace {

constexpr std::string_view kScheme = "http://";

struct Block {
    Hooks& hooks;
    WebhookProxy proxy;
};

std::optional<int> hexValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

// Percent-decoded; nothing for malformed escapes and control characters.
std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const auto high = i + 2 < text.size() ? hexValue(text[i + 1]) : std::nullopt;
            const auto low = i + 2 < text.size() ? hexValue(text[i + 2]) : std::nullopt;
            if (!high || !low) return std::nullopt;
            c = static_cast<char>(*high * 16 + *low);
            i += 2;
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == '\x7F') return std::nullopt;
        out += c;
    }
    return out;
}

// "user:pass" as the value of Proxy-Authorization. A user without a password gets an empty one (RFC 7617).
std::optional<Secret> basicOf(std::string_view userinfo) {
    const auto colon = userinfo.find(':');
    const auto user = decoded(userinfo.substr(0, colon));
    const auto password = colon == std::string_view::npos ? "" : decoded(userinfo.substr(colon + 1));
    if (!user || !password || user->find(':') != std::string::npos) return std::nullopt;
    return Secret("Basic " + base64Encode(*user + ":" + *password));
}

bool readPort(std::string_view text, std::uint16_t& port) {
    unsigned value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || value < 1 || value > 65'535) return false;
    port = static_cast<std::uint16_t>(value);
    return true;
}

// "host", "host:port", "[v6]", "[v6]:port"
std::optional<std::string> readHostPort(std::string_view text, WebhookProxy& proxy) {
    const auto bracket = text.starts_with('[') ? text.find(']') : 0;
    if (bracket == std::string_view::npos) return "not a host name";
    const auto colon = text.find(':', bracket);
    const auto host = hostPattern(text.substr(0, colon));
    if (!host || host->starts_with('*')) return "not a host name or an address";
    proxy.host = *host;
    if (colon != std::string_view::npos && !readPort(text.substr(colon + 1), proxy.port)) {
        return "the port must be a number from 1 to 65535";
    }
    return std::nullopt;
}

// What is wrong with the URL, if anything.
std::optional<std::string> readUrlText(std::string_view text, WebhookProxy& proxy) {
    if (!text.starts_with(kScheme))
        return "expected http://HOST:PORT; other kinds of proxies are not supported";
    text.remove_prefix(kScheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    if (text.find_first_of("/?# \t\\") != std::string_view::npos) {
        return "expected http://HOST:PORT without a path; write / ? # in a password as %2F %3F %23";
    }
    const auto at = text.find('@');
    if (at != std::string_view::npos) {
        if (text.find('@', at + 1) != std::string_view::npos) return "write @ in a password as %40";
        auto authorization = basicOf(text.substr(0, at));
        if (!authorization) return "the user or password is malformed";
        proxy.authorization = *std::move(authorization);
        text.remove_prefix(at + 1);
    }
    return readHostPort(text, proxy);
}

void readUrl(const Field& field, Block& block) {
    if (!field.value.isString()) {
        field.wrongType("a string");
    } else if (const auto text = block.hooks.resolved(field)) {
        if (const auto wrong = readUrlText(*text, block.proxy)) field.problem(*wrong);
    }
}

void readExcept(const Field& field, Block& block) {
    for (const auto& element : field.elements()) {
        const auto text = element.text();
        if (!text) continue;
        auto host = hostPattern(*text);
        if (host) {
            block.proxy.except.push_back(*std::move(host));
        } else {
            element.problem("expected a host: " + host.error().detail);
        }
    }
}

void readResolve(const Field& field, Block& block) {
    const auto where = field.value.string();
    if (where == "here") {
        block.proxy.resolve = WebhookProxy::Resolve::kHere;
    } else if (where == "proxy") {
        block.proxy.resolve = WebhookProxy::Resolve::kProxy;
    } else {
        field.problem("must be \"here\" or \"proxy\"");
    }
}

constexpr std::array<Key<Block>, 3> kKeys{{
    {"url", readUrl, "URL", "the same as an object's key"},
    {"no_proxy", readExcept, "list of hosts, `[]`",
     "called without the proxy; `*.mycompany.com` matches its subdomains, not itself"},
    {"resolve", readResolve, "`here` or `proxy`, `here`", "who looks names up"},
}};

}  // namespace

void readWebhookProxy(const Field& field, Hooks& hooks) {
    Block block{hooks, {}};
    if (field.value.isString()) {
        readUrl(field, block);
    } else if (field.value.isObject()) {
        readBlock<Block>(field, kKeys, {}, block);
        const auto url = field.value.get("url");
        if (!url || url->isNull()) field.problem("has no url");
    } else {
        field.wrongType("a string or an object");
    }
    hooks.loading.config.webhooks.proxy = std::move(block.proxy);
}

void webhookProxyTexts(const std::string& key, KeyTexts& texts) {
    addTexts<Block>(key, kKeys, texts);
}

}  // namespace heddle::config
