// SPDX-License-Identifier: Apache-2.0
// Connections that are kept alive between requests. Loop thread only.
#pragma once

#include "http/client_connection.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>

namespace heddle::http {

class ClientPool {
  public:
    // A connection serves only requests that would open the same one: TLS checked this very host name.
    struct Key {
        bool tls = false;
        std::string host;
        std::uint16_t port = 0;
        boost::asio::ip::address address;        // unspecified: the proxy looked the name up
        boost::asio::ip::tcp::endpoint proxy{};  // unspecified: none

        friend bool operator<(const Key& a, const Key& b) {
            return std::tie(a.tls, a.port, a.host, a.address, a.proxy) <
                   std::tie(b.tls, b.port, b.host, b.address, b.proxy);
        }
    };

    explicit ClientPool(const boost::asio::any_io_executor& loop);
    ~ClientPool();
    ClientPool(const ClientPool&) = delete;
    ClientPool& operator=(const ClientPool&) = delete;

    // A connection that looks alive, the one used last; or null.
    std::shared_ptr<ClientConnection> take(const Key& key);
    // Keeps it for a while: at most limits::kWebhookLaneInFlight of a key (one more is closed), and
    // limits::kClientKept in all (the oldest makes room).
    void put(Key key, std::shared_ptr<ClientConnection> connection);
    void clear();
    [[nodiscard]] std::size_t size() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace heddle::http
