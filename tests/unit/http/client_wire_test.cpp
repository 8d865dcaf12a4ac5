// SPDX-License-Identifier: Apache-2.0
#include "http/client_wire.hpp"

#include <gtest/gtest.h>

namespace heddle::http {
namespace {

ClientRequest to(std::string host, std::uint16_t port, bool tls) {
    ClientRequest request;
    request.host = std::move(host);
    request.port = port;
    request.tls = tls;
    request.target = "/";
    return request;
}

TEST(ClientWire, HostNamesThePortWhenItIsNotTheSchemesOwn) {
    EXPECT_EQ(hostField(to("example.com", 80, false)), "example.com");
    EXPECT_EQ(hostField(to("example.com", 443, true)), "example.com");
    EXPECT_EQ(hostField(to("example.com", 443, false)), "example.com:443");
    EXPECT_EQ(hostField(to("example.com", 80, true)), "example.com:80");
    EXPECT_EQ(hostField(to("::1", 80, false)), "[::1]");
    EXPECT_EQ(hostField(to("::1", 8080, false)), "[::1]:8080");
}

TEST(ClientWire, TunnelsAreAskedForByAddressOrName) {
    EXPECT_EQ(connectHead("192.0.2.1", 443, ""),
              "CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n\r\n");
    EXPECT_EQ(connectHead("2001:db8::1", 80, ""),
              "CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n");
    EXPECT_EQ(connectHead("a.test", 8443, "Basic eDp5"),
              "CONNECT a.test:8443 HTTP/1.1\r\nHost: a.test:8443\r\nProxy-Authorization: Basic eDp5\r\n\r\n");
}

TEST(ClientWire, WhatWouldBreakTheMessageIsUnsendable) {
    EXPECT_EQ(unsendable(to("example.com", 80, false)), std::nullopt);
    for (const std::string target : {"", "relative", "/a b", "/a\r\nb", "/\x7f", "/caf\xC3\xA9"}) {
        ClientRequest request = to("example.com", 80, false);
        request.target = target;
        EXPECT_NE(unsendable(request), std::nullopt) << target;
    }
    EXPECT_NE(unsendable(to("", 80, false)), std::nullopt);
    EXPECT_NE(unsendable(to("a\r\nb", 80, false)), std::nullopt);
    for (const auto& [name, value] : std::vector<Header>{{"", "x"},
                                                         {"a b", "x"},
                                                         {"a:", "x"},
                                                         {"a", "x\ny"},
                                                         {"a", std::string("x\0y", 3)},
                                                         {"a", "\x7f"}}) {
        ClientRequest request = to("example.com", 80, false);
        request.headers.fields.emplace_back(name, value);
        EXPECT_NE(unsendable(request), std::nullopt) << name;
    }
    ClientRequest fine = to("example.com", 80, false);
    fine.headers.fields = {{"X-A_1", "a\tb caf\xC3\xA9"}, {"empty", ""}};
    EXPECT_EQ(unsendable(fine), std::nullopt);
}

}  // namespace
}  // namespace heddle::http
