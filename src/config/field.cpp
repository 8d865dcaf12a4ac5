// SPDX-License-Identifier: Apache-2.0
#include "config/field.hpp"

#include "base/text.hpp"
#include "config/nearest.hpp"

#include <algorithm>

namespace heddle::config {
namespace {

std::string_view nameOf(JsonType type) {
    switch (type) {
        case JsonType::kNull:
            return "null";
        case JsonType::kBoolean:
            return "true or false";
        case JsonType::kNumber:
            return "a number";
        case JsonType::kString:
            return "a string";
        case JsonType::kArray:
            return "a list";
        case JsonType::kObject:
            return "an object";
    }
    return "something else";
}

bool isControl(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7F';
}

}  // namespace

void Field::wrongType(std::string_view expected) const {
    problem("expected " + std::string(expected) + ", found " + std::string(nameOf(value.type())));
}

std::optional<bool> Field::boolean() const {
    const auto found = value.boolean();
    if (!found) wrongType("true or false");
    return found;
}

std::optional<std::int64_t> Field::integer(std::int64_t least, std::int64_t most) const {
    const auto found = value.integer();
    if (!found && value.type() != JsonType::kNumber) {
        wrongType("a whole number");
        return std::nullopt;
    }
    if (!found || *found < least || *found > most) {
        problem("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
        return std::nullopt;
    }
    return found;
}

std::optional<double> Field::positive(double most) const {
    const auto found = value.number();
    if (!found) {
        wrongType("a number");
        return std::nullopt;
    }
    if (*found <= 0 || *found > most) {
        problem("must be a number above 0, at most " + std::to_string(static_cast<std::int64_t>(most)));
        return std::nullopt;
    }
    return found;
}

std::optional<std::string> Field::text() const {
    auto found = value.string();
    if (!found) {
        wrongType("a string");
    } else if (found->empty()) {
        problem("must not be empty");
        found.reset();
    } else if (std::any_of(found->begin(), found->end(), isControl)) {
        problem("must not contain control characters");
        found.reset();
    }
    return found;
}

std::vector<Field> Field::elements() const {
    std::vector<Field> found;
    for (const auto& element : value.elements()) {
        found.push_back(Field{key + "[" + std::to_string(found.size()) + "]", element, findings});
    }
    if (value.type() != JsonType::kArray) wrongType("a list");
    return found;
}

std::vector<Field> Field::members() const {
    std::vector<Field> found;
    for (const auto& member : value.fields()) {
        found.push_back(Field{key + "." + member.key, member.value, findings});
    }
    if (!value.isObject()) wrongType("an object");
    return found;
}

std::vector<std::string> Field::texts() const {
    std::vector<std::string> found;
    for (const auto& element : elements()) {
        if (auto text = element.text()) found.push_back(*std::move(text));
    }
    return found;
}

std::vector<std::string> Field::tokens() const {
    std::vector<std::string> found;
    for (const auto& element : elements()) {
        auto text = element.text();
        if (!text) continue;
        if (isToken(*text)) {
            found.push_back(*std::move(text));
        } else {
            element.problem("must be a name without spaces and commas");
        }
    }
    return found;
}

void Field::into(bool& to) const {
    to = boolean().value_or(to);
}

void Field::into(std::string& to) const {
    if (auto found = text()) to = *std::move(found);
}

void Field::into(std::vector<std::string>& to) const {
    to = texts();
}

void reportOther(const Field& field, std::string_view name, std::span<const OtherKey> others,
                 std::vector<std::string_view> known) {
    for (const auto& other : others) {
        if (other.name == name) {
            const bool unset = field.value.isNull() || field.value.boolean() == false;
            if (!unset && !other.text.empty()) {
                field.findings->list.push_back(Finding{other.severity, field.key, std::string(other.text)});
            }
            return;
        }
        known.push_back(other.name);
    }
    const auto meant = nearest(name, known);
    field.warning(meant ? "unknown key; did you mean \"" + std::string(*meant) + "\"?" : "unknown key");
}

}  // namespace heddle::config
