// SPDX-License-Identifier: Apache-2.0
// One compiled schema and its check. Used by schema*.cpp only.
#pragma once

#include "base/json.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::api {

enum class SchemaFormat { kNone, kUuid, kDateTime, kUriReference };

// The types of JSON Schema as bits: an integer is also a number.
enum TypeBit : unsigned {
    kNullBit = 1,
    kBooleanBit = 2,
    kIntegerBit = 4,
    kNumberBit = 8,
    kStringBit = 16,
    kArrayBit = 32,
    kObjectBit = 64,
};
inline constexpr unsigned kAnyType = 127;

struct SchemaNode {
    unsigned types = kAnyType;
    std::vector<RawJson> values;  // enum and const; empty: any
    const SchemaNode* reference = nullptr;
    std::vector<const SchemaNode*> any_of, one_of, all_of;

    std::map<std::string, const SchemaNode*, std::less<>> properties;
    std::vector<std::string> required;
    bool closed = false;                     // additionalProperties: false
    const SchemaNode* additional = nullptr;  // additionalProperties: {…}

    const SchemaNode* items = nullptr;
    std::size_t items_min = 0, items_max = std::numeric_limits<std::size_t>::max();
    std::size_t length_min = 0, length_max = std::numeric_limits<std::size_t>::max();
    SchemaFormat format = SchemaFormat::kNone;
    std::optional<double> minimum, maximum, minimum_exclusive, maximum_exclusive;

    // Are there rules for the inside of objects or lists?
    [[nodiscard]] bool descendsIntoObjects() const {
        return !properties.empty() || !required.empty() || closed || additional;
    }
};

// What is wrong with `value`, which stands at `path` (empty: the body itself).
struct SchemaError {
    std::string path;
    std::string text;  // what follows the path: " is a required property", ": 5 is not of type \"string\""
    bool wrong_type = false;  // the value itself has a type that the schema does not take
};

std::optional<SchemaError> checkSchema(const SchemaNode& node, JsonView value, const std::string& path);

// The types a value of the schema may have, its references and branches included.
[[nodiscard]] unsigned acceptedTypes(const SchemaNode& node);

}  // namespace heddle::api
