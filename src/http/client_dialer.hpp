// SPDX-License-Identifier: Apache-2.0
// Opens a connection to a destination: TCP, through the proxy if there is one, TLS. Loop thread only.
#pragma once

#include "base/time.hpp"
#include "http/client_attempt.hpp"
#include "http/client_pool.hpp"
#include "http/client_tls.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <span>

namespace heddle::http {

// The addresses that are tried in turn; one that is unspecified when the proxy is asked for the name.
[[nodiscard]] std::span<const boost::asio::ip::address> targetsOf(const ClientRequest& request);

class ClientDialer {
  public:
    ClientDialer(boost::asio::any_io_executor loop, ClientTls tls, const Clock& clock)
        : loop_(std::move(loop)), tls_(std::move(tls)), clock_(clock) {}

    // Within request.connect_timeout; then attempt.connection is open and `key` says to what. The first
    // address that accepts is taken, also when TLS fails on it.
    boost::asio::awaitable<ClientFault> open(ClientAttempt& attempt, const ClientRequest& request,
                                             ClientPool::Key& key);

  private:
    using Share = std::optional<microseconds>;  // nothing: all the time that is left
    struct Tunnel {
        ClientFault fault;
        bool is_final = false;  // another address would get the same answer
    };

    boost::asio::awaitable<ClientFault> reach(ClientAttempt& attempt, const ClientRequest& request,
                                              ClientPool::Key& key, microseconds until);
    boost::asio::awaitable<ClientFault> dial(ClientAttempt& attempt, boost::asio::ip::tcp::endpoint endpoint,
                                             Share share);
    boost::asio::awaitable<ClientFault> dialProxy(ClientAttempt& attempt, const ClientProxy& proxy,
                                                  ClientPool::Key& key, microseconds until);
    boost::asio::awaitable<Tunnel> tunnel(ClientAttempt& attempt, std::string head, Share share);
    boost::asio::awaitable<ClientFault> secure(ClientAttempt& attempt, std::string host);
    [[nodiscard]] Share shareOf(microseconds until, std::size_t candidates) const;

    boost::asio::any_io_executor loop_;
    ClientTlsContext tls_;
    const Clock& clock_;
};

}  // namespace heddle::http
