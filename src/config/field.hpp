// SPDX-License-Identifier: Apache-2.0
// Reading the configuration's JSON: a Field knows its full key path and reports what is wrong with it; a
// block is a table of keys. Reports never hold a value that may be a secret.
#pragma once

#include "base/json.hpp"
#include "config/config.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::config {

class Findings {
  public:
    void problem(std::string key, std::string text) { add(Finding::Severity::kProblem, key, text); }
    void warning(std::string key, std::string text) { add(Finding::Severity::kWarning, key, text); }
    void notice(std::string key, std::string text) { add(Finding::Severity::kNotice, key, text); }

    std::vector<Finding> list;

  private:
    void add(Finding::Severity severity, std::string& key, std::string& text) {
        list.push_back(Finding{severity, std::move(key), std::move(text)});
    }
};

struct Field {
    std::string key;  // "webhooks.url.allowed_ports[1]"
    JsonView value;
    Findings* findings;

    void problem(std::string text) const { findings->problem(key, std::move(text)); }
    void warning(std::string text) const { findings->warning(key, std::move(text)); }
    void notice(std::string text) const { findings->notice(key, std::move(text)); }

    // Each reports a value of another type or beyond the bounds, and gives nothing then.
    [[nodiscard]] std::optional<bool> boolean() const;
    [[nodiscard]] std::optional<std::int64_t> integer(std::int64_t least, std::int64_t most) const;
    [[nodiscard]] std::optional<double> positive(double most) const;  // a number above 0
    [[nodiscard]] std::optional<std::string> text() const;            // not empty, no control characters
    [[nodiscard]] std::vector<Field> elements() const;                // "key[0]"
    [[nodiscard]] std::vector<Field> members() const;                 // "key.name"
    [[nodiscard]] std::vector<std::string> texts() const;             // a list of text()
    [[nodiscard]] std::vector<std::string> tokens() const;  // a list of names or "*", as HTTP spells them
    // "expected …, found a string"
    void wrongType(std::string_view expected) const;

    // `to` keeps what it holds when the value is wrong.
    void into(bool& to) const;
    void into(std::string& to) const;
    void into(std::vector<std::string>& to) const;
};

// What docs/configuration.md says of a key. Markdown.
struct KeyText {
    std::string key;        // "webhooks.url.allowed_ports"
    std::string_view type;  // with the default
    std::string_view meaning;
};
using KeyTexts = std::vector<KeyText>;

template <class Target>
struct Key {
    std::string_view name;
    void (*read)(const Field& field, Target& target);
    std::string_view type = {};  // see KeyText; empty: only the keys below it are documented
    std::string_view meaning = {};
    void (*below)(const std::string& key, KeyTexts& texts) = nullptr;  // adds those of an object
};

template <class Target>
void addTexts(const std::string& block, std::span<const Key<Target>> keys, KeyTexts& texts) {
    for (const auto& each : keys) {
        std::string key = block.empty() ? std::string(each.name) : block + "." + std::string(each.name);
        if (!each.type.empty() || each.below == nullptr) texts.push_back({key, each.type, each.meaning});
        if (each.below != nullptr) each.below(key, texts);
    }
}

// A key that is known but not read: says `text`, unless that is empty or the value is null or false.
struct OtherKey {
    std::string_view name;
    Finding::Severity severity = Finding::Severity::kNotice;
    std::string_view text = "not supported yet";
};

// Reports `field` as one of `others`, or as unknown with the nearest of all names.
void reportOther(const Field& field, std::string_view name, std::span<const OtherKey> others,
                 std::vector<std::string_view> known);

// Reads an object by its table. null means that the key was not given.
template <class Target>
void readBlock(const Field& block, std::span<const Key<Target>> keys, std::span<const OtherKey> others,
               Target& target) {
    std::vector<std::string_view> known;
    for (const auto& key : keys) known.push_back(key.name);
    for (const auto& [name, value, key_text] : block.value.fields()) {
        const Field field{block.key.empty() ? name : block.key + "." + name, value, block.findings};
        const Key<Target>* found = nullptr;
        for (const auto& key : keys) {
            if (key.name == name) found = &key;
        }
        if (found == nullptr) {
            reportOther(field, name, others, known);
        } else if (!value.isNull()) {
            found->read(field, target);
        }
    }
    if (!block.value.isObject()) block.wrongType("an object");
}

}  // namespace heddle::config
