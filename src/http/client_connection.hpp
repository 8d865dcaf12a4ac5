// SPDX-License-Identifier: Apache-2.0
// One outgoing connection, plain or TLS. Loop thread only.
#pragma once

#include "http/client_fault.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace heddle::http {

struct IoResult {
    boost::system::error_code error;
    std::size_t bytes = 0;
};

class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
  public:
    explicit ClientConnection(const boost::asio::any_io_executor& loop) : socket_(loop) {}

    boost::asio::awaitable<boost::system::error_code> connect(boost::asio::ip::tcp::endpoint endpoint);
    // TLS with `host` as SNI and as the name (or address) that the certificate must have.
    boost::asio::awaitable<ClientFault> handshake(boost::asio::ssl::context& context, std::string host);
    // Sends in the background, beside read(): a receiver may answer (413, 401) before it has read all, or
    // without ever reading it. `body` must live until isSending() is false or sent() returns.
    void send(std::string head, const std::string& body);
    [[nodiscard]] bool isSending() const { return is_sending_; }
    // Waits until it was sent, or could not be.
    boost::asio::awaitable<boost::system::error_code> sent();
    // An end of file is asio::error::eof, with TLS also when the peer did not say good-bye.
    boost::asio::awaitable<IoResult> read(boost::asio::mutable_buffer buffer);
    // Ends whatever is under way.
    void abort();
    // False when the peer has certainly closed an idle connection, or sent what nobody asked for.
    [[nodiscard]] bool looksAlive();

  private:
    template <class Stream>
    void sendOn(Stream& stream, const std::string& body);

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    std::string head_;
    bool is_sending_ = false;
    boost::system::error_code send_error_;
    std::function<void()> on_sent_;
};

}  // namespace heddle::http
