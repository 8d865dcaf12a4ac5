// SPDX-License-Identifier: Apache-2.0
#include "config/reference.hpp"

#include "config/loading.hpp"
#include "config/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace heddle::config {
namespace {

std::string document() {
    std::ifstream file(std::string(HEDDLE_TEST_SOURCE_DIR) + "/docs/configuration.md");
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ReferenceTest, EveryKeyAndSettingHasItsText) {
    for (const auto& text : keyTexts()) {
        EXPECT_FALSE(text.type.empty() || text.meaning.empty()) << text.key;
    }
    for (const auto& text : settingTexts()) {
        EXPECT_FALSE(text.flag.empty() && text.variable.empty());
        EXPECT_FALSE(text.fallback.empty() || text.meaning.empty()) << text.flag << text.variable;
    }
}

TEST(ReferenceTest, TheDocumentHasTheseTables) {
    const auto made = reference();
    const auto second = made.find("<!-- settings");
    ASSERT_NE(second, std::string::npos);
    EXPECT_NE(document().find(made.substr(0, second)), std::string::npos) << "run ./dev reference";
    EXPECT_NE(document().find(made.substr(second)), std::string::npos) << "run ./dev reference";
}

}  // namespace
}  // namespace heddle::config
