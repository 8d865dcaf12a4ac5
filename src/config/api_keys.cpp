// SPDX-License-Identifier: Apache-2.0
// HEDDLE_API_KEYS and the file of keys. No message shows a key.
#include "config/api_keys.hpp"

#include "base/limits.hpp"
#include "config/setting.hpp"

#include <algorithm>

namespace heddle::config {
namespace {

constexpr std::string_view kBetween = ", \t\r\n";
constexpr std::size_t kShort = 16;  // characters: 24 random bytes have 32

// A header can carry it, and it survives being written with others.
bool isPlain(std::string_view key) {
    return std::ranges::all_of(key, [](char c) { return c > ' ' && c < '\x7f'; });
}

void addKey(const Given& given, std::string_view key, std::size_t number, Config& config) {
    const std::string which = "key " + std::to_string(number) + " ";
    if (!isPlain(key)) {
        given.problem(which + "has characters other than visible ASCII");
    } else if (key.size() > limits::kApiKeyChars) {
        given.problem(which + "is longer than " + std::to_string(limits::kApiKeyChars) + " characters");
    } else {
        if (key.size() < kShort) given.warning(which + "is short and can be guessed; use 24 random bytes");
        config.api_keys.emplace_back(std::string(key));
    }
}

// Takes the next key off the text; empty: there is none.
std::string_view nextKey(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kBetween), rest.size()));
    const auto key = rest.substr(0, rest.find_first_of(kBetween));
    rest.remove_prefix(key.size());
    return key;
}

void addKeys(const Given& given, std::string_view rest, Config& config) {
    std::size_t number = 0;
    for (auto key = nextKey(rest); !key.empty(); key = nextKey(rest)) addKey(given, key, ++number, config);
    if (number == 0) given.problem("holds no key");
    if (config.api_keys.size() > limits::kApiKeys)
        given.problem("at most " + std::to_string(limits::kApiKeys) + " keys");
}

bool isKeysVariable(std::string_view name) {
    return name == "HEDDLE_API_KEYS" || name == "HEDDLE_API_KEYS_FILE";
}

}  // namespace

void readApiKeys(const Given& given, Config& config) {
    addKeys(given, given.text, config);
}

void readApiKeysFile(const Given& given, Config& config) {
    const auto path = absolutePath(given.loading.sources.working_dir, given.text);
    if (const auto text = readFile(path)) {
        addKeys(given, *text, config);
    } else {
        given.problem("the file cannot be read: " + path);
    }
}

std::optional<Secret> anyApiKey(const std::map<std::string, std::string>& environment) {
    for (const std::string name : {"HEDDLE_API_KEYS", "HEDDLE_API_KEYS_FILE"}) {
        const auto found = environment.find(name);
        if (found == environment.end() || found->second.empty()) continue;
        const auto text = name.ends_with("_FILE") ? readFile(found->second) : found->second;
        std::string_view rest = text ? *text : std::string_view();
        if (const auto key = nextKey(rest); !key.empty()) return Secret(std::string(key));
    }
    return std::nullopt;
}

void judgeApiKeys(Loading& loading) {
    auto& config = loading.config;
    for (const auto& [name, value] : config.env) {
        if (!isKeysVariable(name) || loading.variable(name)) continue;
        loading.findings.problem("env." + name,
                                 "`env` is for the graphs: keys belong into the server's own environment");
    }
    // A .env file that compose reads as well may hold them; graphs do not get them.
    std::erase_if(config.env, [](const auto& variable) { return isKeysVariable(variable.first); });
    if (!config.api_keys.empty() || config.webhooks.loopback_only) return;
    loading.findings.warning(
        "HEDDLE_API_KEYS",
        "NO API KEY: whoever can reach " + config.host +
            " can run graphs, read every thread and delete it. Set HEDDLE_API_KEYS, or listen on 127.0.0.1");
}

}  // namespace heddle::config
