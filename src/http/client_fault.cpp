// SPDX-License-Identifier: Apache-2.0
#include "http/client_fault.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

namespace heddle::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

ClientFailure failureOf(long verdict) {
    switch (verdict) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return ClientFailure::kTlsExpired;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return ClientFailure::kTlsHostname;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        case X509_V_ERR_INVALID_CA:
        case X509_V_ERR_CERT_UNTRUSTED:
        case X509_V_ERR_CERT_REJECTED:
            return ClientFailure::kTlsUntrusted;
        default:
            return ClientFailure::kTlsFailed;
    }
}

}  // namespace

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

ClientFault dialFault(const error_code& ec) {
    if (ec == asio::error::connection_refused) return {ClientFailure::kConnectRefused, describe(ec)};
    if (ec == asio::error::timed_out) return {ClientFailure::kConnectTimeout, "connection timed out"};
    return {ClientFailure::kConnectFailed, describe(ec)};
}

ClientFault brokenFault(const error_code& ec) {
    // With TLS 1.3 a server refuses the client's certificate only after the handshake.
    if (ec.category() == asio::error::get_ssl_category()) return tlsFault(X509_V_OK, ec);
    const bool is_end = ec == asio::error::eof;
    return {ClientFailure::kReset,
            is_end ? "connection closed before the response was complete" : describe(ec)};
}

ClientFault tlsFault(long verdict, const error_code& ec) {
    if (verdict == X509_V_OK) return {ClientFailure::kTlsFailed, "TLS failed: " + describe(ec)};
    return {failureOf(verdict),
            std::string("certificate refused: ") + X509_verify_cert_error_string(verdict)};
}

ClientFault proxyFault(const std::string& error) {
    return {ClientFailure::kProxy, "proxy: " + error};
}

}  // namespace heddle::http
