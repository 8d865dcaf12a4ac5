// SPDX-License-Identifier: Apache-2.0
#include "app/flag_texts.hpp"

#include "config/settings.hpp"

#include <cstddef>
#include <string_view>

namespace heddle::app {
namespace {

// Without the marks of Markdown: "`a` or [b](c)" → "a or b".
std::string plain(std::string_view markdown) {
    std::string out;
    bool in_target = false;
    for (std::size_t i = 0; i < markdown.size(); ++i) {
        const char c = markdown[i];
        if (c == ']' && markdown.substr(i + 1, 1) == "(") in_target = true;
        if (!in_target && c != '`' && c != '[') out += c;
        if (c == ')') in_target = false;
    }
    return out;
}

}  // namespace

std::vector<FlagText> flagTexts() {
    std::vector<FlagText> out;
    for (const auto& setting : config::settingTexts()) {
        if (setting.flag.empty()) continue;
        FlagText text{std::string(setting.flag), plain(setting.meaning), setting.toggle, setting.data_place};
        if (!setting.toggle && setting.fallback != "none") text.help += " (" + plain(setting.fallback) + ")";
        out.push_back(std::move(text));
    }
    return out;
}

}  // namespace heddle::app
