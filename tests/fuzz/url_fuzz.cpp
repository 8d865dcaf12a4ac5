// SPDX-License-Identifier: Apache-2.0
// The webhook URL parser and the policy over it: whatever the text, what is accepted is safe on the wire,
// means the same to whoever reads it next, and no number hides behind a name.
#include "webhook/url.hpp"
#include "webhook/url_policy.hpp"

#include <arpa/inet.h>
#include <boost/asio/ip/address.hpp>
#include <netinet/in.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace heddle;
using namespace heddle::webhook;

void demand(bool holds, const char* what, std::string_view text) {
    if (holds) return;
    std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(text.size()), text.data());
    std::abort();
}

bool isHostCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == ':';
}

void checkHost(const Url& url, std::string_view text) {
    demand(url.relative == url.host.empty(), "a host, or a relative URL", text);
    demand(url.relative == (url.port == 0), "a port, or a relative URL", text);
    for (const char c : url.host) demand(isHostCharacter(c), "a host of plain characters", url.host);
    demand(url.host.size() <= 253, "a host that is no longer than a name may be", url.host);
    demand(!url.host.ends_with('.'), "a host without trailing dot", url.host);
}

// What resolvers make of the host without asking anybody: it must be spelled as that address.
void checkNumbers(const Url& url) {
    std::array<char, INET6_ADDRSTRLEN> canonical{};
    in_addr v4{};
    if (inet_aton(url.host.c_str(), &v4) == 1) {
        inet_ntop(AF_INET, &v4, canonical.data(), canonical.size());
        demand(url.host == canonical.data(), "an IPv4 address in its one spelling", url.host);
    }
    in6_addr v6{};
    if (inet_pton(AF_INET6, url.host.c_str(), &v6) == 1) {
        inet_ntop(AF_INET6, &v6, canonical.data(), canonical.size());
        demand(url.host == canonical.data(), "an IPv6 address in its one spelling", url.host);
    } else {
        demand(url.host.find(':') == std::string::npos, "a colon in IPv6 addresses only", url.host);
    }
}

void checkTarget(const Url& url) {
    demand(url.target.starts_with('/'), "a target with a path", url.target);
    for (const char c : url.target) {
        demand(c > 0x20 && c < 0x7f && c != '#' && c != '\\', "a target that a request line can hold",
               url.target);
    }
}

void checkReadAgain(const Url& url) {
    const std::string text = (url.relative ? "" : url.origin()) + url.target;
    const auto again = parseUrl(text);
    demand(again.has_value(), "a URL that can be read again", text);
    demand(again->relative == url.relative && again->tls == url.tls && again->host == url.host &&
               again->port == url.port && again->target == url.target,
           "a URL that means the same when it is read again", text);
}

// A policy that allows no address of this machine.
void checkPolicy(const UrlPolicy& policy, const Url& parsed, std::string_view text) {
    const auto url = policy.checkText(text);
    if (!url || url->relative) return;
    demand(url->host == parsed.host && url->port == parsed.port, "policy and wire that agree on the host",
           text);
    boost::system::error_code not_literal;
    const auto address = boost::asio::ip::make_address(url->host, not_literal);
    if (not_literal) return;
    demand(classify(address).kind == NetworkKind::kPublic, "a public address", url->host);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const UrlPolicy policy = [] {
        WebhookSettings settings;
        settings.loopback_only = false;
        return UrlPolicy(settings);
    }();
    std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.ends_with('\n')) text.remove_suffix(1);  // the seeds are text files
    const auto url = parseUrl(text);
    if (!url) {
        demand(url.error().detail.starts_with("Webhook"), "a refusal that says whose it is",
               url.error().detail);
        demand(!policy.checkText(text), "a policy that refuses what cannot be read", text);
        demand(laneOf(text) == "invalid" && hostOf(text) == "invalid", "no lane for what cannot be read",
               text);
        return 0;
    }
    demand(laneOf(text) == url->origin(), "the lane of the origin", text);
    demand(hostOf(text) == (url->relative ? "self" : url->host), "the host of the lane", text);
    checkHost(*url, text);
    if (!url->relative) checkNumbers(*url);
    checkTarget(*url);
    checkReadAgain(*url);
    checkPolicy(policy, *url, text);
    return 0;
}
