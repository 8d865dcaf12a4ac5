// SPDX-License-Identifier: Apache-2.0
#include "webhook/url_policy.hpp"

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
constexpr std::array<std::string_view, 8> kMetadataNames = {"metadata",
                                                            "metadata.google.internal",
                                                            "metadata.goog",
                                                            "instance-data",
                                                            "instance-data.ec2.internal",
                                                            "metadata.azure.internal",
                                                            "metadata.tencentyun.com",
                                                            "metadata.platformequinix.com"};

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

std::string lower(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

// A configured domain in the spelling of Url::host: "*." stays, the rest like any host.
std::string canonicalDomain(std::string pattern) {
    pattern = lower(std::move(pattern));
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
    if (isLoopbackName(url.host)) return checkLoopback(loopback_listed_);
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

Result<void> UrlPolicy::checkAddress(const Url&, const boost::asio::ip::address& address) const {
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

bool UrlPolicy::domainAllowed(std::string_view host) const {
    const auto& domains = settings_.allowed_domains;
    return domains.empty() || std::any_of(domains.begin(), domains.end(), [host](std::string_view pattern) {
               if (!pattern.starts_with("*.")) return host == pattern;
               const auto suffix = pattern.substr(1);  // with its dot: the domain itself does not match
               return host.size() > suffix.size() && host.ends_with(suffix);
           });
}

}  // namespace heddle::webhook
