// SPDX-License-Identifier: Apache-2.0
#include "store/item_filter.hpp"

#include "store/json_match.hpp"
#include "store/value_bits.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace heddle::store {
namespace {

constexpr std::array<std::string_view, 6> kOperators = {"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"};

bool isOperator(const JsonField& field) {
    return field.key.starts_with('$');
}

bool hasOperators(const std::vector<JsonField>& fields) {
    return std::any_of(fields.begin(), fields.end(), isOperator);
}

// The first unknown operator in a filter value, at any depth.
std::optional<std::string> unknownOperator(JsonView value) {
    for (JsonView element : value.elements()) {
        if (auto unknown = unknownOperator(element)) return unknown;
    }
    const auto fields = value.fields();
    const bool operators = hasOperators(fields);
    for (const JsonField& field : fields) {
        const bool known = std::find(kOperators.begin(), kOperators.end(), field.key) != kOperators.end();
        if (operators && !known) return field.key;
        // What an operator compares with is data.
        if (operators) continue;
        if (auto unknown = unknownOperator(field.value)) return unknown;
    }
    return std::nullopt;
}

bool apply(JsonView value, const JsonField& condition) {
    if (condition.key == "$eq") return equalJson(value, condition.value);
    if (condition.key == "$ne") return !equalJson(value, condition.value);
    const auto order = compareJson(value, condition.value);
    if (!order) return false;
    if (condition.key == "$gt") return *order > 0;
    if (condition.key == "$gte") return *order >= 0;
    if (condition.key == "$lt") return *order < 0;
    return *order <= 0;
}

bool matchesValue(JsonView value, JsonView filter) {
    if (filter.isObject()) {
        const auto fields = filter.fields();
        if (hasOperators(fields)) {
            return std::all_of(fields.begin(), fields.end(),
                               [value](const JsonField& condition) { return apply(value, condition); });
        }
        return value.isObject() && std::all_of(fields.begin(), fields.end(), [value](const JsonField& field) {
                   return matchesValue(value.get(field.key).value_or(JsonView()), field.value);
               });
    }
    if (filter.type() == JsonType::kArray) {
        if (value.type() != JsonType::kArray) return false;
        const auto ours = value.elements(), wanted = filter.elements();
        return std::equal(ours.begin(), ours.end(), wanted.begin(), wanted.end(), matchesValue);
    }
    return equalJson(value, filter);
}

}  // namespace

Result<ItemFilter> ItemFilter::parse(RawJson filter) {
    ItemFilter out;
    out.text_ = std::make_shared<const RawJson>(std::move(filter));
    out.fields_ = out.text_->view().fields();
    for (const JsonField& field : out.fields_) {
        if (auto unknown = unknownOperator(field.value)) {
            return Problem::invalid("filter: unsupported operator " + *unknown);
        }
    }
    return out;
}

std::int64_t ItemFilter::bits() const {
    std::int64_t out = 0;
    for (const JsonField& field : fields_) {
        const auto value = field.value.isObject() ? field.value.given("$eq") : std::optional(field.value);
        // Null is also what is not there.
        if (value && !value->isNull()) out |= scalarBits(field.key, *value);
    }
    return out;
}

bool ItemFilter::matches(JsonView value) const {
    return std::all_of(fields_.begin(), fields_.end(), [value](const JsonField& field) {
        return matchesValue(value.get(field.key).value_or(JsonView()), field.value);
    });
}

}  // namespace heddle::store
