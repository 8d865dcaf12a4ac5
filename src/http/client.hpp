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
#include <optional>
#include <string>
#include <vector>

namespace heddle::http {

// An HTTP proxy to tunnel through (CONNECT), also for http:// destinations.
struct ClientProxy {
    std::vector<boost::asio::ip::address> addresses;  // tried in order
    std::uint16_t port = 0;
    std::string authorization;  // value of Proxy-Authorization; empty: none. A secret
    // What it is asked for: the request's addresses, in order, or (kName) the host's name.
    enum class Target { kAddress, kName } target = Target::kAddress;
};

// How TLS is done; files are absolute paths.
struct ClientTls {
    std::string ca_file;    // PEM bundle; empty: the system's
    std::string cert_file;  // the client's own chain; empty: none
    std::string key_file;
};

struct ClientRequest {
    bool tls = false;
    std::string host;  // for Host, SNI and certificate names; IPv6 without brackets
    std::uint16_t port = 0;
    std::vector<boost::asio::ip::address> addresses;  // tried in order; nothing else is dialled
    std::string target;                               // path and query, byte for byte
    Headers headers;                                  // sent as they are, after Host
    std::string body;
    std::chrono::milliseconds timeout{15'000};          // for the whole attempt: dial, TLS, write, read
    std::chrono::milliseconds connect_timeout{10'000};  // of it: dial, proxy and TLS
    std::optional<ClientProxy> proxy;
    std::size_t read_max = 64 * 1024;  // bytes of the response body that are read
};

enum class ClientFailure {
    kNone,
    kConnectRefused,
    kConnectTimeout,  // connect_timeout passed, or the system gave up
    kConnectFailed,   // unreachable, no route, no address
    kTlsExpired,      // the certificate is not valid (yet, or any more)
    kTlsHostname,     // … is another host's
    kTlsUntrusted,    // … has no issuer that we trust
    kTlsFailed,       // anything else about TLS
    kTimeout,         // the whole attempt's
    kProtocol,        // not HTTP/1.x, beyond our bounds, or a request that cannot be made
    kReset,           // the peer closed or reset before the response was complete
    kProxy,           // the proxy cannot be reached, or refused
    kClosed,          // close() was called here
};

// Parts of an attempt; nothing: not reached or not needed (a kept-alive connection was used).
struct ClientPhases {
    std::optional<std::chrono::microseconds> connect;
    std::optional<std::chrono::microseconds> tls;
    std::optional<std::chrono::microseconds> first_byte;  // from the request to the first byte of the answer
};

// A failure after the head (cut or slow body) still has status, headers and what came of the body.
struct ClientResponse {
    ClientFailure failure = ClientFailure::kNone;
    std::string error;  // for people: "connection refused", never the target
    unsigned status = 0;
    Headers headers;
    std::string body;  // at most read_max; a longer one is cut there, which is no failure
    std::chrono::microseconds took{};
    ClientPhases phases;
};

class Client {
  public:
    explicit Client(boost::asio::any_io_executor loop, ClientTls tls = {});
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
