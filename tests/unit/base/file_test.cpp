// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace heddle {
namespace {

TEST(ReadFile, GivesTheWholeFileUpToItsBound) {
    const auto path = ::testing::TempDir() + "heddle_read_file_test";
    std::ofstream(path, std::ios::binary) << std::string("a\0b\r\n", 5);
    EXPECT_EQ(readFile(path, 5), std::string("a\0b\r\n", 5));
    EXPECT_EQ(readFile(path, 4), std::nullopt);
    std::ofstream(path, std::ios::binary | std::ios::trunc).flush();
    EXPECT_EQ(readFile(path, 5), "");
    std::remove(path.c_str());
}

TEST(ReadFile, GivesNothingOfWhatIsNoFile) {
    EXPECT_EQ(readFile("/nowhere/at/all", 100), std::nullopt);
    EXPECT_EQ(readFile(::testing::TempDir(), 100), std::nullopt);
}

}  // namespace
}  // namespace heddle
