// SPDX-License-Identifier: Apache-2.0
// One flag or environment variable: its names, what the documents say of it, and how it is read.
#pragma once

#include "config/loading.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace heddle::config {

// A given setting: where it was given ("--port" or "PORT") and its text.
struct Given {
    std::string key;
    std::string text;
    Loading& loading;

    void problem(std::string why) const { loading.findings.problem(key, std::move(why)); }
    void warning(std::string why) const { loading.findings.warning(key, std::move(why)); }
};

// kData: also of the verbs that only need to know where the database is.
enum class Scope { kServer, kData };

struct Setting {
    std::string_view flag = {};      // without "--"; empty: no flag
    std::string_view variable = {};  // empty: none
    std::string_view alias = {};     // another name of the variable: the one of LangGraph's images
    std::string_view fallback = {};  // for the documents, as `meaning`
    std::string_view meaning = {};
    void (*read)(const Given& given, Config& config) = nullptr;
    Scope scope = Scope::kServer;
    bool toggle = false;  // a flag without a value
};

// Keys, separated by commas or white space. api_keys.cpp
void readApiKeys(const Given& given, Config& config);
void readApiKeysFile(const Given& given, Config& config);

}  // namespace heddle::config
