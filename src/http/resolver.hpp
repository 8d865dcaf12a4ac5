// SPDX-License-Identifier: Apache-2.0
// Host names to addresses, many at once: one slow name delays no other (c-ares).
#pragma once

#include "base/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace heddle::http {

struct ResolverOptions {
    std::string servers;  // "127.0.0.1:5300,[::1]:53" instead of /etc/resolv.conf's
};

class Resolver {
  public:
    explicit Resolver(boost::asio::any_io_executor loop, ResolverOptions options = {});
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    // All IPv4 and IPv6 addresses of a name, /etc/hosts included (but neither mDNS nor other NSS modules), in
    // the order of RFC 6724. Literal addresses answer themselves, numeric forms (127.1, 0x7f000001) as
    // inet_aton reads them, localhost and names below it are loopback. A Problem says why there is none:
    // kNotFound for a name without addresses, kUnavailable when it may be there later. The Resolver must
    // outlive its lookups' coroutines.
    boost::asio::awaitable<Result<std::vector<boost::asio::ip::address>>> resolve(
        std::string host, std::chrono::milliseconds timeout);

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace heddle::http
