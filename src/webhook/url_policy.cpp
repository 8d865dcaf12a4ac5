// SPDX-License-Identifier: Apache-2.0
#include "webhook/url_policy.hpp"

#include "base/text.hpp"
#include "webhook/host.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

namespace heddle::webhook {
namespace {

constexpr std::array<std::string_view, 4> kLoopbackNames = {"localhost", "localhost.localdomain",
                                                            "ip6-localhost", "ip6-loopback"};
// The container's host: an ordinary private address, but a way round for who wants no loopback at all.
constexpr std::array<std::string_view, 2> kHostGatewayNames = {"host.docker.internal",
                                                               "gateway.docker.internal"};
constexpr std::array<std::string_view, 10> kMetadataNames = {"metadata",
                                                             "metadata.google.internal",
                                                             "metadata.goog",
                                                             "instance-data",
                                                             "instance-data.ec2.internal",
                                                             "metadata.azure.internal",
                                                             "metadata.tencentyun.com",
                                                             "metadata.platformequinix.com",
                                                             "metadata.packet.net",
                                                             "api.metadata.cloud.ibm.com"};

template <std::size_t N>
bool oneOf(std::string_view host, const std::array<std::string_view, N>& names) {
    return std::find(names.begin(), names.end(), host) != names.end();
}

bool isLoopbackName(std::string_view host) {
    return oneOf(host, kLoopbackNames) || host.ends_with(".localhost");
}

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;  // every byte but continuations
    }));
}

// A configured domain in the spelling of Url::host: "*." stays, the rest like any host.
std::string canonicalDomain(std::string pattern) {
    pattern = lowerCase(pattern);
    const bool wildcard = pattern.starts_with("*.");
    std::string name = wildcard ? pattern.substr(2) : pattern;
    // Through the parser, so that IDN, trailing dots, brackets and numbers end up as they do in URLs.
    const auto url = parseUrl("http://" + name + "/");
    if (url) name = url->host;
    return wildcard ? "*." + name : name;
}

Problem blocked(std::string_view what, std::string_view why = {}) {
    std::string text = "Webhook host blocked: ";
    text += what;
    if (!why.empty()) {
        text += " (";
        text += why;
        text += ")";
    }
    return Problem::invalid(std::move(text));
}

Problem ownAddress() {
    return blocked("this server's own address", "use a relative URL");
}

// Without zone, and an IPv4-mapped address as the IPv4 address that it dials.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address) {
    if (address.is_v4()) return address;
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6);
    return boost::asio::ip::address_v6(v6.to_bytes());
}

}  // namespace

UrlPolicy::UrlPolicy(WebhookSettings settings) : settings_(std::move(settings)) {
    for (auto& domain : settings_.allowed_domains) domain = canonicalDomain(std::move(domain));
    for (const auto& cidr : settings_.allowed_networks) {
        const auto network = Network::parse(cidr);
        if (!network) throw std::invalid_argument("webhooks.url.allowed_networks: not a network: " + cidr);
        networks_.push_back(*network);
        loopback_listed_ = loopback_listed_ || network->touchesLoopback();
    }
}

void UrlPolicy::setSelf(std::vector<boost::asio::ip::address> listening, std::uint16_t port) {
    self_.clear();
    for (const auto& address : listening) self_.push_back(unmapped(address));
    self_port_ = port;
}

Result<Url> UrlPolicy::checkText(std::string_view text) const {
    if (characters(text) > settings_.max_url_length) {
        return Problem::invalid("Webhook URL too long: more than " +
                                std::to_string(settings_.max_url_length) +
                                " characters (webhooks.url.max_url_length)");
    }
    auto url = parseUrl(text);
    if (!url) return url;
    if (url->relative) {
        if (settings_.disable_loopback) return blocked("relative URL", "webhooks.url.disable_loopback");
        return url;
    }
    if (settings_.require_https && !url->tls) {
        return Problem::invalid("Webhook must use https (webhooks.url.require_https)");
    }
    const auto& ports = settings_.allowed_ports;
    if (!ports.empty() && std::find(ports.begin(), ports.end(), url->port) == ports.end()) {
        return Problem::invalid("Webhook port " + std::to_string(url->port) +
                                " not allowed (webhooks.url.allowed_ports)");
    }
    if (!domainAllowed(url->host)) {
        return Problem::invalid("Webhook domain not allowed (webhooks.url.allowed_domains)");
    }
    if (const auto host = checkHost(*url); !host) return host.error();
    return url;
}

Result<void> UrlPolicy::checkHost(const Url& url) const {
    if (oneOf(url.host, kMetadataNames)) return blocked("cloud metadata endpoint");
    if (isLoopbackName(url.host)) {
        using boost::asio::ip::address_v4;
        using boost::asio::ip::address_v6;
        if (const auto allowed = checkLoopback(loopback_listed_); !allowed) return allowed;
        // It has both addresses, and one bad one refuses the attempt.
        const bool own = isSelf(address_v4::loopback(), url.port) || isSelf(address_v6::loopback(), url.port);
        if (own) return ownAddress();
        return {};
    }
    if (settings_.disable_loopback && oneOf(url.host, kHostGatewayNames)) return checkLoopback(false);
    boost::system::error_code not_literal;
    const auto address = boost::asio::ip::make_address(url.host, not_literal);
    if (not_literal) return {};
    return checkAddress(url, address);
}

// `listed`: allowed_networks allows it.
Result<void> UrlPolicy::checkLoopback(bool listed) const {
    if (settings_.disable_loopback) return blocked("loopback address", "webhooks.url.disable_loopback");
    if (settings_.loopback_only || settings_.dev || listed) return {};
    return blocked("loopback address", "only webhooks.url.allowed_networks or --dev allows it");
}

Result<void> UrlPolicy::checkAddress(const Url& url, const boost::asio::ip::address& address) const {
    // The networks' rules first: where loopback is refused, a relative URL may be no way out.
    if (const auto allowed = checkNetwork(address); !allowed) return allowed;
    if (isSelf(address, url.port)) return ownAddress();
    return {};
}

Result<void> UrlPolicy::checkNetwork(const boost::asio::ip::address& address) const {
    const auto verdict = classify(address);
    const bool listed = std::any_of(networks_.begin(), networks_.end(),
                                    [&address](const Network& network) { return network.contains(address); });
    switch (verdict.kind) {
        case NetworkKind::kPublic:
            return {};
        case NetworkKind::kLoopback:
            return checkLoopback(listed);
        case NetworkKind::kPrivate:
            if (settings_.dev || listed) return {};
            return blocked("private address", "only webhooks.url.allowed_networks or --dev allows it");
        case NetworkKind::kNever:
            break;
    }
    return blocked(std::string(verdict.name) + " address");
}

bool UrlPolicy::isSelf(const boost::asio::ip::address& address, std::uint16_t port) const {
    if (port != self_port_) return false;
    const auto plain = unmapped(address);
    return std::any_of(self_.begin(), self_.end(), [&plain](const boost::asio::ip::address& own) {
        if (own == plain) return true;
        // Every interface: of loopback that is a whole network, which no list of addresses can hold.
        if (!own.is_unspecified() || !plain.is_loopback()) return false;
        return own.is_v6() || plain.is_v4();  // "::" takes IPv4, too
    });
}

bool UrlPolicy::domainAllowed(std::string_view host) const {
    const auto& domains = settings_.allowed_domains;
    return domains.empty() || std::any_of(domains.begin(), domains.end(), [host](std::string_view pattern) {
               return fitsHost(pattern, host);
           });
}

}  // namespace heddle::webhook
