// SPDX-License-Identifier: Apache-2.0
#include "domain/traceparent.hpp"

#include <gtest/gtest.h>

namespace heddle {
namespace {

TEST(Traceparent, HasTheShapeOfVersion00) {
    EXPECT_TRUE(isTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    EXPECT_TRUE(isTraceparent("00-00000000000000000000000000000001-0000000000000001-00"));
}

TEST(Traceparent, IsNothingElse) {
    for (const auto* text : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
                             "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                             "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                             "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b77-01",
                             "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902bg-01"}) {
        EXPECT_FALSE(isTraceparent(text)) << text;
    }
}

}  // namespace
}  // namespace heddle
