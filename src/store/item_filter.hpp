// SPDX-License-Identifier: Apache-2.0
// The filter of a store search, as LangGraph's stores understand it. Internal to store.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <memory>

namespace heddle::store {

// {field: value} compares, {field: {"$op": value}} orders ($eq $ne $gt $gte $lt $lte), objects without
// operators compare field by field. A field that is not there is null. $gt and its like are false but for two
// numbers or two strings.
class ItemFilter {
  public:
    // A Problem for an operator we do not know, wherever it stands.
    static Result<ItemFilter> parse(RawJson filter);

    [[nodiscard]] bool empty() const { return fields_.empty(); }
    [[nodiscard]] bool matches(JsonView value) const;
    // All set in valueBits() of every value that matches; perhaps 0.
    [[nodiscard]] std::int64_t bits() const;

  private:
    std::shared_ptr<const RawJson> text_;  // what the fields are slices of
    std::vector<JsonField> fields_;
};

}  // namespace heddle::store
