// SPDX-License-Identifier: Apache-2.0
#include "http/client_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace heddle::http {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

// The name that is asked for (SNI) and the one that the certificate must have. OpenSSL checks it itself:
// unlike a callback it can then say "hostname mismatch".
bool setPeerName(SSL* session, const std::string& host) {
    X509_VERIFY_PARAM* const rules = SSL_get0_param(session);
    error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1 &&
           SSL_set_tlsext_host_name(session, host.c_str()) == 1;
}

}  // namespace

asio::awaitable<error_code> ClientConnection::connect(tcp::endpoint endpoint) {
    error_code ec;
    socket_.open(endpoint.protocol(), ec);
    if (!ec) socket_.set_option(tcp::no_delay(true), ec);
    if (ec) co_return ec;
    const auto [connected] = co_await socket_.async_connect(endpoint, kTuple);
    co_return connected;
}

asio::awaitable<ClientFault> ClientConnection::handshake(ssl::context& context, std::string host) {
    tls_ = std::make_unique<ssl::stream<tcp::socket&>>(socket_, context);
    if (!setPeerName(tls_->native_handle(), host)) {
        co_return ClientFault{ClientFailure::kTlsFailed, "the host name cannot be verified"};
    }
    const auto [ec] = co_await tls_->async_handshake(ssl::stream_base::client, kTuple);
    if (!ec) co_return ClientFault{};
    co_return tlsFault(SSL_get_verify_result(tls_->native_handle()), ec);
}

void ClientConnection::send(std::string head, const std::string& body) {
    head_ = std::move(head);
    send_error_ = {};
    is_sending_ = true;
    if (tls_) {
        sendOn(*tls_, body);
    } else {
        sendOn(socket_, body);
    }
}

template <class Stream>
void ClientConnection::sendOn(Stream& stream, const std::string& body) {
    const std::array buffers{asio::buffer(std::as_const(head_)), asio::buffer(body)};
    asio::async_write(stream, buffers, [self = shared_from_this()](error_code ec, std::size_t) {
        self->is_sending_ = false;
        self->send_error_ = ec;
        if (const auto tell = std::exchange(self->on_sent_, nullptr)) tell();
    });
}

asio::awaitable<error_code> ClientConnection::sent() {
    if (is_sending_) {
        asio::steady_timer wait(socket_.get_executor(), asio::steady_timer::time_point::max());
        on_sent_ = [&wait] { wait.cancel(); };
        co_await wait.async_wait(kTuple);
    }
    co_return send_error_;
}

asio::awaitable<IoResult> ClientConnection::read(asio::mutable_buffer buffer) {
    if (!tls_) {
        const auto [ec, size] = co_await socket_.async_read_some(buffer, kTuple);
        co_return IoResult{ec, size};
    }
    const auto [ec, size] = co_await tls_->async_read_some(buffer, kTuple);
    const bool is_end = ec == ssl::error::stream_truncated;
    co_return IoResult{is_end ? error_code(asio::error::eof) : ec, size};
}

void ClientConnection::abort() {
    error_code ignored;
    socket_.close(ignored);
}

bool ClientConnection::looksAlive() {
    if (!socket_.is_open()) return false;
    char byte = 0;
    const auto size = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (size >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return false;
    if (!tls_) return true;
    // What came behind the last response would be taken for the next one.
    SSL* const session = tls_->native_handle();
    return SSL_has_pending(session) == 0 && BIO_pending(SSL_get_rbio(session)) == 0;
}

}  // namespace heddle::http
