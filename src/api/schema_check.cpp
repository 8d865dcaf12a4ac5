// SPDX-License-Identifier: Apache-2.0
#include "api/schema_node.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace heddle::api {
namespace {

using Error = std::optional<SchemaError>;

constexpr std::size_t kEchoedBytes = 40;
constexpr std::size_t kEchoedChoices = 16;

unsigned typeOf(JsonView value) {
    switch (value.type()) {
        case JsonType::kNull:
            return kNullBit;
        case JsonType::kBoolean:
            return kBooleanBit;
        case JsonType::kNumber:
            return value.integer() ? kIntegerBit | kNumberBit : kNumberBit;
        case JsonType::kString:
            return kStringBit;
        case JsonType::kArray:
            return kArrayBit;
        case JsonType::kObject:
            return kObjectBit;
    }
    return 0;
}

// The value when it is a short scalar, otherwise what it is.
std::string shown(JsonView value) {
    switch (value.type()) {
        case JsonType::kArray:
            return value.text() == "[]" ? "[]" : "a list";
        case JsonType::kObject:
            return value.text() == "{}" ? "{}" : "an object";
        case JsonType::kString:
            return value.text().size() <= kEchoedBytes ? std::string(value.text()) : "the string";
        default:
            return value.text().size() <= kEchoedBytes ? std::string(value.text()) : "the number";
    }
}

std::string typeNames(unsigned types) {
    constexpr std::array<std::pair<unsigned, std::string_view>, 7> kNames{{
        {kStringBit, "string"},
        {kObjectBit, "object"},
        {kArrayBit, "array"},
        {kIntegerBit, "integer"},
        {kNumberBit, "number"},
        {kBooleanBit, "boolean"},
        {kNullBit, "null"},
    }};
    std::string names;
    for (const auto& [bit, name] : kNames) {
        const bool covered = bit == kIntegerBit && (types & kNumberBit) != 0;
        if ((types & bit) == 0 || covered) continue;
        if (!names.empty()) names += " or ";
        names.append("\"").append(name).append("\"");
    }
    return names;
}

std::string textOf(double bound) {
    constexpr double kExact = 9007199254740992.0;
    if (std::abs(bound) < kExact && bound == static_cast<double>(static_cast<std::int64_t>(bound))) {
        return std::to_string(static_cast<std::int64_t>(bound));
    }
    return std::to_string(bound);
}

Error wrong(const std::string& path, std::string text) {
    return SchemaError{path, std::move(text), false};
}

Error wrongType(JsonView value, unsigned types, const std::string& path) {
    return SchemaError{path, ": " + shown(value) + " is not of type " + typeNames(types), true};
}

bool equalValues(JsonView a, JsonView b) {
    if (a.type() != b.type()) return false;
    if (a.isString()) return a.string() == b.string();
    if (a.type() == JsonType::kNumber) return a.number() == b.number();
    return a.text() == b.text();
}

Error checkValues(const SchemaNode& node, JsonView value, const std::string& path) {
    if (node.values.empty()) return std::nullopt;
    for (const auto& known : node.values) {
        if (equalValues(known.view(), value)) return std::nullopt;
    }
    if (node.values.size() == 1)
        return wrong(path, ": " + shown(value) + " is not " + node.values.front().text());
    std::string text = ": " + shown(value) + " is not one of ";
    for (std::size_t i = 0; i < std::min(node.values.size(), kEchoedChoices); ++i) {
        if (i > 0) text += ", ";
        text += node.values[i].text();
    }
    if (node.values.size() > kEchoedChoices) text += " …";
    return wrong(path, std::move(text));
}

Error checkNumber(const SchemaNode& node, JsonView value, const std::string& path) {
    const double number = value.number().value_or(0);
    const auto says = [&](const char* rule, double bound) {
        return wrong(path, ": " + shown(value) + rule + textOf(bound));
    };
    if (node.minimum && number < *node.minimum) return says(" is less than the minimum of ", *node.minimum);
    if (node.maximum && number > *node.maximum)
        return says(" is greater than the maximum of ", *node.maximum);
    if (node.minimum_exclusive && number <= *node.minimum_exclusive)
        return says(" is not greater than ", *node.minimum_exclusive);
    if (node.maximum_exclusive && number >= *node.maximum_exclusive)
        return says(" is not less than ", *node.maximum_exclusive);
    return std::nullopt;
}

Error checkFormat(const SchemaNode& node, JsonView value, const std::string& text, const std::string& path) {
    switch (node.format) {
        case SchemaFormat::kUuid:
            if (!Uuid::parse(text)) return wrong(path, ": " + shown(value) + " is not a UUID");
            break;
        case SchemaFormat::kDateTime:
            if (!Timestamp::parse(text))
                return wrong(path, ": " + shown(value) + " is not a date-time with a time zone (RFC 3339)");
            break;
        case SchemaFormat::kUriReference:
            if (text.empty()) return wrong(path, ": the URL is empty");
            break;
        case SchemaFormat::kNone:
            break;
    }
    return std::nullopt;
}

Error checkString(const SchemaNode& node, JsonView value, const std::string& path) {
    const bool bounded = node.length_min > 0 || node.length_max != std::numeric_limits<std::size_t>::max();
    if (!bounded && node.format == SchemaFormat::kNone) return std::nullopt;
    const auto text = value.string().value_or("");
    const auto length = utf8::length(text);
    if (length < node.length_min) {
        return wrong(path, node.length_min == 1
                               ? " must not be empty"
                               : " is shorter than " + std::to_string(node.length_min) + " characters");
    }
    if (length > node.length_max) {
        return wrong(path, " is longer than " + std::to_string(node.length_max) + " characters");
    }
    return checkFormat(node, value, text, path);
}

Error checkArray(const SchemaNode& node, JsonView value, const std::string& path) {
    const bool bounded = node.items_min > 0 || node.items_max != std::numeric_limits<std::size_t>::max();
    if (!bounded && node.items == nullptr) return std::nullopt;
    const auto elements = value.elements();
    if (elements.size() < node.items_min) {
        return wrong(path, " has fewer than " + std::to_string(node.items_min) + " elements");
    }
    if (elements.size() > node.items_max) {
        return wrong(path, " has more than " + std::to_string(node.items_max) + " elements");
    }
    if (node.items == nullptr) return std::nullopt;
    for (std::size_t i = 0; i < elements.size(); ++i) {
        if (auto error = checkSchema(*node.items, elements[i], path + "[" + std::to_string(i) + "]"))
            return error;
    }
    return std::nullopt;
}

std::string below(const std::string& path, const std::string& key) {
    constexpr std::size_t kLongestKey = 64;
    const std::string name =
        key.size() <= kLongestKey ? jsonString(key).substr(1, jsonString(key).size() - 2) : "(a long key)";
    return path.empty() ? name : path + "." + name;
}

Error checkObject(const SchemaNode& node, JsonView value, const std::string& path) {
    if (!node.descendsIntoObjects()) return std::nullopt;
    const auto fields = value.fields();
    for (const auto& key : node.required) {
        const bool given =
            std::any_of(fields.begin(), fields.end(), [&](const JsonField& f) { return f.key == key; });
        if (!given) return wrong(below(path, key), " is a required property");
    }
    for (const auto& field : fields) {
        const auto known = node.properties.find(field.key);
        const SchemaNode* rules = known != node.properties.end() ? known->second : node.additional;
        if (known == node.properties.end() && node.closed)
            return wrong(below(path, field.key), " is not a known property");
        if (rules == nullptr) continue;
        if (auto error = checkSchema(*rules, field.value, below(path, field.key))) return error;
    }
    return std::nullopt;
}

// The error of the branch that came closest: one that takes the value's type, deepest first.
Error closest(std::vector<SchemaError> errors, JsonView value, unsigned types, const std::string& path) {
    const SchemaError* best = nullptr;
    for (const auto& error : errors) {
        const bool here = error.wrong_type && error.path == path;
        if (!here && (best == nullptr || error.path.size() > best->path.size())) best = &error;
    }
    if (best == nullptr) return wrongType(value, types, path);
    return *best;
}

Error checkBranches(const std::vector<const SchemaNode*>& branches, bool exactly_one, unsigned types,
                    JsonView value, const std::string& path) {
    std::vector<SchemaError> errors;
    for (const auto* branch : branches) {
        auto error = checkSchema(*branch, value, path);
        if (error) {
            errors.push_back(*std::move(error));
        } else if (!exactly_one) {
            return std::nullopt;
        }
    }
    const auto matched = branches.size() - errors.size();
    if (matched > 1) return wrong(path, " matches more than one of the allowed forms");
    if (matched == 1 || branches.empty()) return std::nullopt;
    return closest(std::move(errors), value, types, path);
}

}  // namespace

unsigned acceptedTypes(const SchemaNode& node) {
    unsigned types = node.types;
    unsigned listed = node.values.empty() ? kAnyType : 0;
    for (const auto& value : node.values) listed |= typeOf(value.view());
    types &= listed;
    if (node.reference != nullptr) types &= acceptedTypes(*node.reference);
    for (const auto* branches : {&node.any_of, &node.one_of}) {
        unsigned either = branches->empty() ? kAnyType : 0;
        for (const auto* branch : *branches) either |= acceptedTypes(*branch);
        types &= either;
    }
    for (const auto* part : node.all_of) types &= acceptedTypes(*part);
    return types;
}

std::optional<SchemaError> checkSchema(const SchemaNode& node, JsonView value, const std::string& path) {
    const unsigned type = typeOf(value);
    if ((type & node.types) == 0) return wrongType(value, node.types, path);
    if (auto error = checkValues(node, value, path)) return error;
    Error error;
    if ((type & kNumberBit) != 0) error = checkNumber(node, value, path);
    if (type == kStringBit) error = checkString(node, value, path);
    if (type == kArrayBit) error = checkArray(node, value, path);
    if (type == kObjectBit) error = checkObject(node, value, path);
    if (!error && node.reference != nullptr) error = checkSchema(*node.reference, value, path);
    for (const auto* part : node.all_of) {
        if (!error) error = checkSchema(*part, value, path);
    }
    if (!error && !node.any_of.empty())
        error = checkBranches(node.any_of, false, acceptedTypes(node), value, path);
    if (!error && !node.one_of.empty())
        error = checkBranches(node.one_of, true, acceptedTypes(node), value, path);
    return error;
}

}  // namespace heddle::api
