// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 client for webhooks: dials an address that the caller has judged, keeps connections alive,
// never follows redirects, and bounds time and bytes.
#pragma once

#include "http/message.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace heddle::http {

struct ClientRequest {
    bool tls = false;
    std::string host;  // for Host, SNI and certificate names; IPv6 without brackets
    std::uint16_t port = 0;
    std::vector<boost::asio::ip::address> addresses;  // tried in order; nothing else is dialled
    std::string target;                               // path and query, byte for byte
    Headers headers;                                  // sent as they are, after Host
    std::string body;
    std::chrono::milliseconds timeout{15'000};  // for the whole attempt: dial, TLS, write, read
    std::size_t read_max = 64 * 1024;           // bytes of the response body that are read
};

enum class ClientFailure { kNone, kConnect, kTls, kTimeout, kProtocol, kClosed };

// A failure after the head (cut or slow body) still has status, headers and what came of the body.
struct ClientResponse {
    ClientFailure failure = ClientFailure::kNone;
    std::string error;  // for people: "connection refused", never the target
    unsigned status = 0;
    Headers headers;
    std::string body;  // at most read_max; a longer one is cut there, which is no failure
    std::chrono::microseconds took{};
};

class Client {
  public:
    // `ca_file`: PEM bundle; empty: the system's.
    explicit Client(boost::asio::any_io_executor loop, std::string ca_file = {});
    ~Client();
    // POSTs. One silent re-send on a new connection when a kept-alive one dies before the first response
    // byte. Never throws for anything a network can do.
    boost::asio::awaitable<ClientResponse> post(ClientRequest request);
    // Ends everything under way (kClosed) and closes kept connections.
    void close();

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace heddle::http
