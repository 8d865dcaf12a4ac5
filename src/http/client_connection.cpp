// SPDX-License-Identifier: Apache-2.0
#include "http/client_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <openssl/err.h>
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

std::unique_ptr<ssl::context> makeTlsContext(const std::string& ca_file) {
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    // Idle connections give their 32 KiB of buffers back.
    SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
    if (ca_file.empty()) {
        context->set_default_verify_paths();
    } else {
        context->load_verify_file(ca_file);
    }
    context->set_verify_mode(ssl::verify_peer);
    return context;
}

asio::awaitable<error_code> ClientConnection::connect(tcp::endpoint endpoint) {
    error_code ec;
    socket_.open(endpoint.protocol(), ec);
    if (!ec) socket_.set_option(tcp::no_delay(true), ec);
    if (ec) co_return ec;
    is_dialling_ = true;
    const auto [connected] = co_await socket_.async_connect(endpoint, kTuple);
    is_dialling_ = false;
    co_return connected;
}

asio::awaitable<std::string> ClientConnection::handshake(ssl::context& context, std::string host) {
    tls_ = std::make_unique<ssl::stream<tcp::socket&>>(socket_, context);
    if (!setPeerName(tls_->native_handle(), host)) co_return "the host name cannot be verified";
    const auto [ec] = co_await tls_->async_handshake(ssl::stream_base::client, kTuple);
    co_return ec ? reason(ec) : std::string();
}

std::string ClientConnection::reason(const error_code& ec) const {
    const long verdict = SSL_get_verify_result(tls_->native_handle());
    if (verdict != X509_V_OK) {
        return std::string("certificate refused: ") + X509_verify_cert_error_string(verdict);
    }
    return describe(ec);
}

asio::awaitable<error_code> ClientConnection::write(std::string head, const std::string& body) {
    const std::array buffers{asio::buffer(std::as_const(head)), asio::buffer(body)};
    if (tls_) {
        const auto [ec, size] = co_await asio::async_write(*tls_, buffers, kTuple);
        co_return ec;
    }
    const auto [ec, size] = co_await asio::async_write(socket_, buffers, kTuple);
    co_return ec;
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
    // TLS 1.3 servers send session tickets whenever they like.
    return size < 0 ? errno == EAGAIN || errno == EWOULDBLOCK : size > 0 && tls_;
}

std::string describe(const error_code& ec) {
    if (ec == asio::error::eof) return "connection closed";
    if (ec.category() == asio::error::get_ssl_category()) {
        const char* const text = ::ERR_reason_error_string(static_cast<unsigned long>(ec.value()));
        return text != nullptr ? text : "TLS error";
    }
    std::string text = ec.message();
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
}

}  // namespace heddle::http
