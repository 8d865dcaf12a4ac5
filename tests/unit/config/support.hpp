// SPDX-License-Identifier: Apache-2.0
// A folder with a langgraph.json, and findings as text.
#pragma once

#include "config/config.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::config {

// GoogleTest prints findings with this.
inline void PrintTo(const Finding& finding, std::ostream* out) {
    constexpr std::array<const char*, 3> kNames = {"notice", "warning", "problem"};
    *out << kNames.at(static_cast<std::size_t>(finding.severity)) << " " << finding.key << ": "
         << finding.text;
}

// "webhooks.url: text" of the findings of one severity.
inline std::vector<std::string> texts(const Loaded& loaded, Finding::Severity severity) {
    std::vector<std::string> found;
    for (const auto& finding : loaded.findings) {
        if (finding.severity == severity) found.push_back(finding.key + ": " + finding.text);
    }
    return found;
}

inline std::vector<std::string> problems(const Loaded& loaded) {
    return texts(loaded, Finding::Severity::kProblem);
}

inline std::vector<std::string> warnings(const Loaded& loaded) {
    return texts(loaded, Finding::Severity::kWarning);
}

inline std::vector<std::string> notices(const Loaded& loaded) {
    return texts(loaded, Finding::Severity::kNotice);
}

inline std::string revealed(const std::vector<std::pair<std::string, Secret>>& secrets,
                            std::string_view name) {
    for (const auto& [known, value] : secrets) {
        if (known == name) return value.reveal();
    }
    return "(none)";
}

// A folder with graphs.py and what a test adds.
class ConfigLoad : public testing::Test {
  protected:
    ConfigLoad() {
        const auto* const info = testing::UnitTest::GetInstance()->current_test_info();
        folder_ = std::filesystem::path(testing::TempDir()) / ("heddle_config_" + std::string(info->name()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        write("graphs.py", "");
        sources_.working_dir = folder_.string();
    }
    ~ConfigLoad() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& name, std::string_view text) {
        std::filesystem::create_directories((folder_ / name).parent_path());
        std::ofstream(folder_ / name, std::ios::binary) << text;
    }
    std::string inFolder(const std::string& name) const { return (folder_ / name).string(); }

    Loaded loadText(std::string_view langgraph_json) {
        write("langgraph.json", langgraph_json);
        return load(sources_);
    }
    // With one native graph and these other keys.
    Loaded loadWith(const std::string& keys) {
        return loadText(R"({"graphs":{"echo":"heddle:echo"},)" + keys + "}");
    }
    Loaded loadWebhooks(const std::string& block) { return loadWith("\"webhooks\":" + block); }

    std::filesystem::path folder_;
    Sources sources_;
};

}  // namespace heddle::config
