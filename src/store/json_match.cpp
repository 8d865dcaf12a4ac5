// SPDX-License-Identifier: Apache-2.0
#include "store/json_match.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace heddle::store {
namespace {

std::int64_t exponentOf(std::string_view text) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    // Only numbers that are zero for a double come here: beyond all others is near enough.
    if (error == std::errc::result_out_of_range)
        return text.front() == '-' ? -1'000'000'000'000 : 1'000'000'000'000;
    return value;
}

// sign, digits without zeros at either end, decimal exponent: "1e5" for 100000.0.
std::string canonicalNumber(std::string_view text) {
    const bool negative = text.front() == '-';
    if (negative) text.remove_prefix(1);
    std::int64_t exponent = 0;
    if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
        exponent = exponentOf(text.substr(e + 1));
        text = text.substr(0, e);
    }
    std::string digits(text);
    if (const auto point = digits.find('.'); point != std::string::npos) {
        exponent -= static_cast<std::int64_t>(digits.size() - point - 1);
        digits.erase(point, 1);
    }
    digits.erase(0, digits.find_first_not_of('0'));
    if (digits.empty()) return "0";
    const auto zeros = digits.size() - digits.find_last_not_of('0') - 1;
    digits.erase(digits.size() - zeros);
    exponent += static_cast<std::int64_t>(zeros);
    std::string out = negative ? "-" : "";
    out += digits;
    if (exponent != 0) out += 'e' + std::to_string(exponent);
    return out;
}

bool containsObject(JsonView whole, JsonView part) {
    if (!whole.isObject()) return false;
    for (const auto& field : part.fields()) {
        const auto value = whole.get(field.key);
        if (!value || !containsJson(*value, field.value)) return false;
    }
    return true;
}

bool containsArray(JsonView whole, JsonView part) {
    if (whole.type() != JsonType::kArray) return false;
    const auto elements = whole.elements();
    const auto wanted = part.elements();
    return std::all_of(wanted.begin(), wanted.end(), [&elements](JsonView want) {
        return std::any_of(elements.begin(), elements.end(),
                           [want](JsonView element) { return containsJson(element, want); });
    });
}

bool equalObjects(JsonView a, JsonView b) {
    const auto ours = a.fields();
    if (ours.size() != b.fields().size()) return false;
    return std::all_of(ours.begin(), ours.end(), [b](const JsonField& field) {
        const auto other = b.get(field.key);
        return other && equalJson(field.value, *other);
    });
}

// Exact where they are equal or fit an int64, else as precise as a double.
int compareNumbers(JsonView a, JsonView b) {
    const double x = a.number().value_or(0), y = b.number().value_or(0);
    if (x != y) return x < y ? -1 : 1;
    if (canonicalScalar(a) == canonicalScalar(b)) return 0;
    // Beyond a double's precision, integers still differ.
    const auto i = a.integer(), j = b.integer();
    if (i && j) return *i < *j ? -1 : 1;
    return 0;
}

}  // namespace

std::optional<std::string> canonicalScalar(JsonView value) {
    switch (value.type()) {
        case JsonType::kString:
            return jsonString(*value.string());
        case JsonType::kNumber:
            return canonicalNumber(value.text());
        case JsonType::kNull:
        case JsonType::kBoolean:
            return std::string(value.text());
        case JsonType::kArray:
        case JsonType::kObject:
            break;
    }
    return std::nullopt;
}

bool equalJson(JsonView a, JsonView b) {
    if (a.type() != b.type()) return false;
    if (a.text() == b.text()) return true;
    if (a.isObject()) return equalObjects(a, b);
    if (a.type() != JsonType::kArray) return canonicalScalar(a) == canonicalScalar(b);
    const auto left = a.elements(), right = b.elements();
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), equalJson);
}

bool containsJson(JsonView whole, JsonView part) {
    if (part.isObject()) return containsObject(whole, part);
    if (part.type() == JsonType::kArray) return containsArray(whole, part);
    return equalJson(whole, part);
}

std::optional<int> compareJson(JsonView a, JsonView b) {
    if (a.type() != b.type()) return std::nullopt;
    if (a.type() == JsonType::kNumber) return compareNumbers(a, b);
    if (a.isString()) return a.string()->compare(*b.string());
    return std::nullopt;
}

}  // namespace heddle::store
