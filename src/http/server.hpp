// SPDX-License-Identifier: Apache-2.0
// The listener: accepts connections and runs an HTTP/1.1 session on each, on the loop thread.
#pragma once

#include "base/limits.hpp"
#include "http/message.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace heddle::http {

// Bounds of every connection. Tests make them small.
struct ServerLimits {
    std::size_t header_bytes = limits::kHttpHeader;
    std::size_t header_fields = limits::kHttpHeaderFields;
    std::size_t target_bytes = limits::kHttpTarget;
    std::size_t body_bytes = limits::kHttpBody;
    // A body that comes slower, `header_time` not counted, is given up.
    std::size_t body_bytes_per_second = limits::kHttpBodyRate;
    std::size_t connections = limits::kHttpConnections;
    std::chrono::milliseconds idle{limits::kHttpIdle};               // between requests
    std::chrono::milliseconds header_time{limits::kHttpHeaderTime};  // first to last byte of a header
    std::chrono::milliseconds write_stall{
        limits::kHttpWriteStall};  // without progress; does not hold for streams
    std::chrono::milliseconds linger{
        limits::kHttpRefusalLinger};  // reads on after a refusal, so that the client can read it
};

struct ServerOptions {
    std::string host = "127.0.0.1";  // a literal address (IPv6 with or without brackets), or "localhost"
    std::uint16_t port = 0;          // 0: a free one
    ServerLimits limits{};
};

// What is told of every request when its response has been sent (or its stream ended).
struct Exchange {
    Method method;
    std::string_view target_path;  // without the query; empty when the request could not be read
    std::string_view request_id;
    unsigned status;
    std::chrono::microseconds took;
    std::span<const Header> logged;  // Request::logged
};

class Server {
  public:
    // `handle` answers every request, unknown paths included, and never throws. `observe` is called after
    // each exchange.
    Server(boost::asio::any_io_executor loop, Handler handle, std::function<void(const Exchange&)> observe);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Binds and listens. Throws boost::system::system_error, what(): "cannot listen on HOST:PORT: REASON".
    void listen(const ServerOptions& options);
    // Where it is bound: its own address, perhaps the unspecified one.
    [[nodiscard]] boost::asio::ip::address address() const;
    [[nodiscard]] std::uint16_t port() const;
    // Accepts from now on.
    void start();
    // Stops accepting, lets responses under way end, closes idle connections. No connection takes another
    // request.
    void stopAccepting();
    // stopAccepting(), then breaks every stream; resolves when all sessions have ended, or when `limit` has
    // passed and the rest was closed.
    boost::asio::awaitable<void> drain(std::chrono::milliseconds limit);
    [[nodiscard]] std::size_t connections() const;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace heddle::http
