// SPDX-License-Identifier: Apache-2.0
#include "http/client_tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

namespace heddle::http {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

// What OpenSSL has to say about a file goes by thread, and would be taken for the next connection's.
Problem unusable(std::string what) {
    ERR_clear_error();
    return Problem::unavailable(std::move(what));
}

}  // namespace

Result<ssl::context*> ClientTlsContext::get() {
    if (context_) return context_.get();
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    SSL_CTX* const native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    // Idle connections give their 32 KiB of buffers back.
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    // A key with a passphrase is unreadable; OpenSSL would ask for it on the terminal.
    SSL_CTX_set_default_passwd_cb(native, [](char*, int, int, void*) { return -1; });

    error_code ec;
    if (files_.ca_file.empty()) {
        context->set_default_verify_paths(ec);
    } else {
        context->load_verify_file(files_.ca_file, ec);
    }
    if (ec) return unusable("the CA certificates cannot be read");
    if (!files_.cert_file.empty()) {
        context->use_certificate_chain_file(files_.cert_file, ec);
        if (ec) return unusable("the client certificate cannot be read");
        context->use_private_key_file(files_.key_file, ssl::context::pem, ec);
        if (ec) return unusable("the client's key cannot be read or is not the certificate's");
    }
    context->set_verify_mode(ssl::verify_peer);
    context_ = std::move(context);
    return context_.get();
}

}  // namespace heddle::http
