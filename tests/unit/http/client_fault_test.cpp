// SPDX-License-Identifier: Apache-2.0
#include "http/client_fault.hpp"

#include <boost/asio/error.hpp>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

namespace heddle::http {
namespace {

namespace error = boost::asio::error;

TEST(ClientFault, DialsFailByRefusalByTimeOrOtherwise) {
    EXPECT_EQ(dialFault(error::connection_refused).failure, ClientFailure::kConnectRefused);
    EXPECT_EQ(dialFault(error::timed_out).failure, ClientFailure::kConnectTimeout);
    for (const auto code : {error::network_unreachable, error::host_unreachable, error::no_permission}) {
        EXPECT_EQ(dialFault(code).failure, ClientFailure::kConnectFailed);
    }
    EXPECT_EQ(dialFault(error::host_unreachable).error, "no route to host");
}

TEST(ClientFault, AConnectionThatBreaksWasReset) {
    EXPECT_EQ(brokenFault(error::eof).error, "connection closed before the response was complete");
    for (const boost::system::error_code ec :
         {error::make_error_code(error::connection_reset), error::make_error_code(error::eof),
          error::make_error_code(error::broken_pipe)}) {
        EXPECT_EQ(brokenFault(ec).failure, ClientFailure::kReset);
    }
}

TEST(ClientFault, CertificatesAreRefusedForTheirTimeTheirNameOrTheirIssuer) {
    const auto refused = [](long verdict) { return tlsFault(verdict, error::connection_reset).failure; };
    EXPECT_EQ(refused(X509_V_ERR_CERT_HAS_EXPIRED), ClientFailure::kTlsExpired);
    EXPECT_EQ(refused(X509_V_ERR_CERT_NOT_YET_VALID), ClientFailure::kTlsExpired);
    EXPECT_EQ(refused(X509_V_ERR_HOSTNAME_MISMATCH), ClientFailure::kTlsHostname);
    EXPECT_EQ(refused(X509_V_ERR_IP_ADDRESS_MISMATCH), ClientFailure::kTlsHostname);
    EXPECT_EQ(refused(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT), ClientFailure::kTlsUntrusted);
    EXPECT_EQ(refused(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN), ClientFailure::kTlsUntrusted);
    EXPECT_EQ(refused(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY), ClientFailure::kTlsUntrusted);
    EXPECT_EQ(refused(X509_V_ERR_INVALID_PURPOSE), ClientFailure::kTlsFailed);
    EXPECT_EQ(refused(X509_V_OK), ClientFailure::kTlsFailed);
}

}  // namespace
}  // namespace heddle::http
