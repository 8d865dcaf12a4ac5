// SPDX-License-Identifier: Apache-2.0
// What load() passes to the readers of the blocks, one file a block.
#pragma once

#include "config/config.hpp"
#include "config/field.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace heddle::config {

struct Loading {
    const Sources& sources;
    Config config;
    Findings findings;

    // A variable of the process's environment; an empty one counts as not set.
    [[nodiscard]] std::optional<std::string> variable(std::string_view name) const;
    // The same, else the one of `env`: for templates.
    [[nodiscard]] std::optional<std::string> variableOrEnv(std::string_view name) const;
};

// Absolute and without "." and "..", from `base` when relative. Touches no file.
[[nodiscard]] std::string absolutePath(std::string_view base, std::string_view path);

// The whole file, or nothing when it cannot be read or is larger than limits::kConfigFile.
std::optional<std::string> readFile(const std::string& path);

void readGraphs(const Field& field, Loading& loading);         // graphs.cpp
void readDependencies(const Field& field, Loading& loading);   // graphs.cpp
void readPythonVersion(const Field& field, Loading& loading);  // packages.cpp
void readPipConfigFile(const Field& field, Loading& loading);  // packages.cpp
void readPipInstaller(const Field& field, Loading& loading);   // packages.cpp
void readEnv(const Field& field, Loading& loading);            // load.cpp
void readWebhooks(const Field& field, Loading& loading);       // webhooks.cpp; after readEnv
void readHttp(const Field& field, Loading& loading);           // http.cpp
void readCors(const Field& field, Loading& loading);           // cors.cpp; http.cors
// What is wrong with a path that everything is to be below, if anything. http.cpp
std::optional<std::string> mountPrefixProblem(std::string_view prefix);
void readCheckpointer(const Field& field, Loading& loading);  // checkpointer.cpp
void readStore(const Field& field, Loading& loading);         // store.cpp
// What the documents say of the keys of each block, and of all of them.
void webhookTexts(const std::string& key, KeyTexts& texts);
void httpTexts(const std::string& key, KeyTexts& texts);
void corsTexts(const std::string& key, KeyTexts& texts);
void checkpointerTexts(const std::string& key, KeyTexts& texts);
void storeTexts(const std::string& key, KeyTexts& texts);
[[nodiscard]] KeyTexts keyTexts();  // load.cpp
// Whether a flag or a variable says where the data is, so that it does not follow from the file's folder.
// settings.cpp
[[nodiscard]] bool isDataPlaceGiven(const Loading& loading);
// Where the data is. A part of readSettings(). settings.cpp
void readDataPlace(Loading& loading);
void readAssistants(const Field& field, Loading& loading);  // assistants.cpp; after readGraphs
// After all else. api_keys.cpp
void judgeApiKeys(Loading& loading);
// Flags and environment variables, and what follows from them. Last. settings.cpp
void readSettings(Loading& loading);

}  // namespace heddle::config
