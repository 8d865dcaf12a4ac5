// SPDX-License-Identifier: Apache-2.0
#include "http/response_head.hpp"

#include <gtest/gtest.h>

namespace heddle::http {
namespace {

std::string headOf(const Response& response, const HeadFacts& facts) {
    std::string out;
    appendHead(out, response, facts);
    return out;
}

TEST(ResponseHead, DateIsAnImfFixdate) {
    EXPECT_EQ(httpDate(Timestamp::fromMicros(784'111'777'000'000)), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(httpDate(Timestamp::fromMicros(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(ResponseHead, HasStatusDateServerRequestIdAndLength) {
    HeadFacts facts;
    facts.date = "D";
    facts.request_id = "R";
    facts.length = 2;
    EXPECT_EQ(headOf(Response::json(404, "{}"), facts),
              "HTTP/1.1 404 Not Found\r\ndate: D\r\nserver: heddle\r\nx-request-id: R\r\n"
              "content-type: application/json\r\ncontent-length: 2\r\n\r\n");
}

TEST(ResponseHead, TheServersOwnFieldsCannotBeOverridden) {
    Response response;
    response.headers.fields = {{"Content-Length", "9"},
                               {"Transfer-Encoding", "gzip"},
                               {"connection", "close"},
                               {"Server", "x"},
                               {"x-a", "1"}};
    HeadFacts facts;
    facts.framing = Framing::kChunked;
    facts.persistence = Persistence::kKeepAlive;
    const std::string head = headOf(response, facts);
    EXPECT_EQ(head.find("gzip"), std::string::npos);
    EXPECT_EQ(head.find("ength: 9"), std::string::npos);
    EXPECT_NE(head.find("x-a: 1\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n"),
              std::string::npos);
    EXPECT_TRUE(asksToClose(response));
}

TEST(ResponseHead, LineBreaksInValuesBecomeSpaces) {
    Response response;
    response.headers.set("location", "/x\r\nset-cookie: a=b");
    const std::string head = headOf(response, HeadFacts{});
    EXPECT_NE(head.find("location: /x  set-cookie: a=b\r\n"), std::string::npos);
}

}  // namespace
}  // namespace heddle::http
