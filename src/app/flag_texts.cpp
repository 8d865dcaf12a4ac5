// SPDX-License-Identifier: Apache-2.0
#include "app/flag_texts.hpp"

#include "config/settings.hpp"

#include <string_view>

namespace heddle::app {
namespace {

// Without the marks of Markdown.
std::string plain(std::string_view markdown) {
    std::string out(markdown);
    std::erase(out, '`');
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
