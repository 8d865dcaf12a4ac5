// SPDX-License-Identifier: Apache-2.0
// What the command line and the documents say of flags and environment variables: the table that they are
// read by.
#pragma once

#include <string_view>
#include <vector>

namespace heddle::config {

struct SettingText {
    std::string_view flag;      // without "--"; empty: none
    std::string_view variable;  // empty: none
    std::string_view alias;     // another name of the variable, or empty
    std::string_view fallback;  // Markdown, as `meaning`
    std::string_view meaning;
    bool toggle = false;      // the flag takes no value
    bool data_place = false;  // also of the verbs that only need to know where the database is
};

[[nodiscard]] std::vector<SettingText> settingTexts();

}  // namespace heddle::config
