// SPDX-License-Identifier: Apache-2.0
// One outgoing connection, plain or TLS, and the TLS settings they share. Loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace heddle::http {

// TLS 1.2 or newer, certificates verified against `ca_file` (empty: the system's). Throws
// boost::system::system_error when the file cannot be used.
[[nodiscard]] std::unique_ptr<boost::asio::ssl::context> makeTlsContext(const std::string& ca_file);

struct IoResult {
    boost::system::error_code error;
    std::size_t bytes = 0;
};

class ClientConnection {
  public:
    explicit ClientConnection(const boost::asio::any_io_executor& loop) : socket_(loop) {}

    boost::asio::awaitable<boost::system::error_code> connect(boost::asio::ip::tcp::endpoint endpoint);
    // TLS with `host` as SNI and as the name (or address) that the certificate must have. The reason of a
    // failure, for people; empty: it worked.
    boost::asio::awaitable<std::string> handshake(boost::asio::ssl::context& context, std::string host);
    boost::asio::awaitable<boost::system::error_code> write(std::string head, const std::string& body);
    // An end of file is asio::error::eof, with TLS also when the peer did not say good-bye.
    boost::asio::awaitable<IoResult> read(boost::asio::mutable_buffer buffer);
    // Ends whatever is under way.
    void abort();
    [[nodiscard]] bool isDialling() const { return is_dialling_; }
    // False when the peer has certainly closed an idle connection, or sent what nobody asked for.
    [[nodiscard]] bool looksAlive();

  private:
    [[nodiscard]] std::string reason(const boost::system::error_code& ec) const;

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    bool is_dialling_ = false;
};

// A system error's text the way we print it: "connection refused".
[[nodiscard]] std::string describe(const boost::system::error_code& ec);

}  // namespace heddle::http
