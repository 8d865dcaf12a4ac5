// SPDX-License-Identifier: Apache-2.0
// Which webhook URLs are accepted. Judging the text happens at run creation and never resolves names; judging
// addresses happens at every attempt.
#pragma once

#include "base/result.hpp"
#include "domain/webhook_settings.hpp"
#include "webhook/networks.hpp"
#include "webhook/url.hpp"

#include <boost/asio/ip/address.hpp>

#include <string_view>
#include <vector>

namespace heddle::webhook {

// Immutable; may be shared between threads. A refusal is kInvalid, begins with "Webhook", names the rule and
// the setting behind it, and never holds path, query or userinfo.
class UrlPolicy {
  public:
    // `settings` were validated by config/. Throws std::invalid_argument for a network that is none.
    explicit UrlPolicy(WebhookSettings settings);

    // At creation: scheme, host, port, length, literal addresses.
    [[nodiscard]] Result<Url> checkText(std::string_view url) const;
    // At every attempt, for each address the host resolved to; one bad address refuses the attempt. Not for
    // relative URLs, which dial our own listener.
    [[nodiscard]] Result<void> checkAddress(const Url& url, const boost::asio::ip::address& address) const;

  private:
    [[nodiscard]] Result<void> checkHost(const Url& url) const;
    [[nodiscard]] Result<void> checkLoopback(bool listed) const;
    [[nodiscard]] bool domainAllowed(std::string_view host) const;

    WebhookSettings settings_;
    std::vector<Network> networks_;  // allowed_networks
    bool loopback_listed_ = false;   // one of them holds a loopback address
};

}  // namespace heddle::webhook
