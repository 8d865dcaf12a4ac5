// SPDX-License-Identifier: Apache-2.0
#include "config/reference.hpp"

#include "config/loading.hpp"
#include "config/settings.hpp"

#include <string_view>

namespace heddle::config {
namespace {

std::string code(std::string_view prefix, std::string_view name) {
    if (name.empty()) return {};
    return "`" + std::string(prefix) + std::string(name) + "`";
}

std::string keyRows() {
    std::string out = "| key | type, default | meaning |\n|---|---|---|\n";
    for (const auto& text : keyTexts()) {
        out +=
            "| `" + text.key + "` | " + std::string(text.type) + " | " + std::string(text.meaning) + " |\n";
    }
    return out;
}

std::string settingRows() {
    std::string out = "| flag | variable | default | meaning |\n|---|---|---|---|\n";
    out += "| `--config` | | `langgraph.json` | The file or its folder |\n";
    for (const auto& text : settingTexts()) {
        out += "| " + code("--", text.flag) + " | " + code("", text.variable);
        if (!text.alias.empty()) out += ", " + code("", text.alias);
        out += " | " + std::string(text.fallback) + " | " + std::string(text.meaning) + " |\n";
    }
    return out;
}

std::string marked(std::string_view name, const std::string& table) {
    const std::string text(name);
    return "<!-- " + text + ": made by ./dev reference -->\n" + table + "<!-- /" + text + " -->\n";
}

}  // namespace

std::string reference() {
    return marked("keys", keyRows()) + marked("settings", settingRows());
}

}  // namespace heddle::config
