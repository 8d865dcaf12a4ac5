// SPDX-License-Identifier: Apache-2.0
// c-ares on the loop: many lookups at once over its own sockets and one timer. Loop thread only.
#pragma once

#include "base/result.hpp"

#include <ares.h>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace heddle::http {

class DnsChannel : public std::enable_shared_from_this<DnsChannel> {
  public:
    using Addresses = std::vector<boost::asio::ip::address>;
    using Callback = std::function<void(Result<Addresses>)>;

    // `servers`: comma separated with ports; empty: those of /etc/resolv.conf, which is read now. Owned by
    // shared_ptr.
    DnsChannel(const boost::asio::any_io_executor& loop, const std::string& servers);
    // Lookups under way end with a Problem.
    ~DnsChannel();
    DnsChannel(const DnsChannel&) = delete;
    DnsChannel& operator=(const DnsChannel&) = delete;

    // `callback` is called once, possibly before this returns (from /etc/hosts). There is no deadline but
    // c-ares' own (a few seconds for each server).
    void lookup(const std::string& host, Callback callback);
    [[nodiscard]] bool isBusy() const { return under_way_ > 0; }

  private:
    struct Watch;
    struct Query;

    static void onSocketState(void* self, ares_socket_t socket, int readable, int writable);
    static void onAnswer(void* query, int status, int timeouts, ares_addrinfo* found);
    void wait(const std::shared_ptr<Watch>& watch);
    void process(ares_socket_t readable, ares_socket_t writable);
    void setTimer();

    boost::asio::any_io_executor loop_;
    boost::asio::steady_timer timer_;
    ares_channel channel_ = nullptr;
    std::unordered_map<ares_socket_t, std::shared_ptr<Watch>> watches_;
    int under_way_ = 0;
};

}  // namespace heddle::http
