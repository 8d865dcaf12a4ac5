// SPDX-License-Identifier: Apache-2.0
// Which webhook URLs are accepted. Judging the text happens at run creation and never resolves names; judging
// addresses happens at every attempt.
#pragma once

#include "base/result.hpp"
#include "domain/webhook_settings.hpp"
#include "webhook/networks.hpp"
#include "webhook/url.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace heddle::webhook {

// Immutable after setSelf(); may be shared between threads from then on. A refusal is kInvalid, begins with
// "Webhook", names the rule and the setting behind it, and never holds path or query.
class UrlPolicy {
  public:
    // `settings` were validated by config/. Throws std::invalid_argument for a network that is none.
    explicit UrlPolicy(WebhookSettings settings);

    // Where our own listener is reached (listenerAddresses()): absolute URLs to it are refused. Called once,
    // when it is bound and before anything is judged.
    void setSelf(std::vector<boost::asio::ip::address> listening, std::uint16_t port);

    // At creation: scheme, host, port, length, literal addresses.
    [[nodiscard]] Result<Url> checkText(std::string_view url) const;
    // At every attempt, for each address the host resolved to; one bad address refuses the attempt. Not for
    // relative URLs, which dial our own listener.
    [[nodiscard]] Result<void> checkAddress(const Url& url, const boost::asio::ip::address& address) const;

  private:
    [[nodiscard]] Result<void> checkHost(const Url& url) const;
    [[nodiscard]] Result<void> checkLoopback(bool listed) const;
    [[nodiscard]] Result<void> checkNetwork(const boost::asio::ip::address& address) const;
    [[nodiscard]] bool isSelf(const boost::asio::ip::address& address, std::uint16_t port) const;
    [[nodiscard]] bool domainAllowed(std::string_view host) const;

    WebhookSettings settings_;
    std::vector<Network> networks_;               // allowed_networks
    bool loopback_listed_ = false;                // one of them holds a loopback address
    std::vector<boost::asio::ip::address> self_;  // never IPv4-mapped
    std::uint16_t self_port_ = 0;                 // 0: unknown
};

}  // namespace heddle::webhook
