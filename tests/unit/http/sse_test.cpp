// SPDX-License-Identifier: Apache-2.0
#include "http/sse.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace heddle::http {
namespace {

TEST(Sse, FrameHasTheReferencesBytes) {
    EXPECT_EQ(sseFrame("values", R"({"a":1})"), "event: values\r\ndata: {\"a\":1}\r\n\r\n");
}

TEST(Sse, IdComesAfterData) {
    EXPECT_EQ(sseFrame("values", "[]", "1700000000000-3"),
              "event: values\r\ndata: []\r\nid: 1700000000000-3\r\n\r\n");
}

TEST(Sse, HeartbeatIsAComment) {
    EXPECT_EQ(kSseHeartbeat, ": heartbeat\r\n\r\n");
}

TEST(Sse, RefusesNamesAndIdsOfSeveralLines) {
    EXPECT_THROW(static_cast<void>(sseFrame("a\nb", "1")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(sseFrame("a", "1", "x\ry")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(sseFrame("a", "1", std::string_view("x\0y", 3))), std::invalid_argument);
}

}  // namespace
}  // namespace heddle::http
