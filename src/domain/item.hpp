// SPDX-License-Identifier: Apache-2.0
// An item of the store (LangGraph's BaseStore).
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

using Namespace = std::vector<std::string>;

// Where an item is.
struct ItemPlace {
    Namespace ns;
    std::string key;
};

struct Item {
    Namespace ns;
    std::string key;
    RawJson value = RawJson::trusted("{}");
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<microseconds> ttl;      // it is gone so long after it was last put or read; nothing: never
    std::optional<Timestamp> expires_at;  // when that will be
    std::optional<float> score;           // its cosine with what was searched for, from a search by meaning
};

// Whether reading it should prolong its life: not when that happened within a hundredth of it.
[[nodiscard]] bool fades(const Item& item, Timestamp now);

// A list of labels, none of them empty or with a period. kInvalid, naming `field`.
[[nodiscard]] Result<Namespace> readNamespace(JsonView list, std::string_view field);
// Where items may be put: neither at the root nor under the label that LangGraph keeps for itself. kInvalid.
[[nodiscard]] Result<void> checkWritable(const Namespace& ns);

enum class Score { kNone, kShown };
// {"namespace", "key", "value", "created_at", "updated_at"}, and "score" (a number or null) for a search's
// result.
void writeItem(JsonWriter& out, const Item& item, Score score);
void writeNamespace(JsonWriter& out, const Namespace& ns);

}  // namespace heddle
