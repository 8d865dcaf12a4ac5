// SPDX-License-Identifier: Apache-2.0
// Why an attempt failed: the class, and a text for people.
#pragma once

#include "http/client.hpp"

#include <boost/system/error_code.hpp>

#include <string>

namespace heddle::http {

struct ClientFault {
    ClientFailure failure = ClientFailure::kNone;
    std::string error;

    explicit operator bool() const { return failure != ClientFailure::kNone; }
};

// A system error's text the way we print it: "connection refused".
[[nodiscard]] std::string describe(const boost::system::error_code& ec);

// A connection that could not be made.
[[nodiscard]] ClientFault dialFault(const boost::system::error_code& ec);
// A connection that broke before the response was complete.
[[nodiscard]] ClientFault brokenFault(const boost::system::error_code& ec);
// A TLS handshake that failed; `verdict`: OpenSSL's X509_V_… on the certificate.
[[nodiscard]] ClientFault tlsFault(long verdict, const boost::system::error_code& ec);
// The proxy's, whatever went wrong on the way to it.
[[nodiscard]] ClientFault proxyFault(const std::string& error);

}  // namespace heddle::http
