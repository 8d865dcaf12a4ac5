// SPDX-License-Identifier: Apache-2.0
// Vectors that stand for texts, and the question that gets them: for searches by meaning.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

// Numbers of unit length, or all zero. Stored and sent as float32, little-endian.
class Vector {
  public:
    // Brings them to unit length. kInvalid: none, too many, half a number, or one that is not finite.
    static Result<Vector> fromBytes(std::string_view bytes);

    [[nodiscard]] std::size_t dims() const { return values_.size(); }
    [[nodiscard]] std::string_view bytes() const;
    // Between this one and the bytes() of another one with as many numbers: -1 to 1, 0 with a zero vector.
    [[nodiscard]] float cosine(std::string_view other) const;

  private:
    explicit Vector(std::vector<float> values) : values_(std::move(values)) {}
    std::vector<float> values_;
};

// From Base64 in a JSON string. kInvalid, naming `field`.
[[nodiscard]] Result<Vector> readVector(JsonView text, std::string_view field);
// From a list of such; all have as many numbers, and there are at most limits::kItemVectors. kInvalid.
[[nodiscard]] Result<std::vector<Vector>> readVectors(JsonView list, std::string_view field);

// What is to be turned into vectors: a search's query, or the texts of an item's value.
struct EmbeddingQuestion {
    std::optional<std::string> query;
    RawJson value;  // an object, when there is no query
    RawJson index;  // a list of the paths of the value's texts; null: the configured ones
};

}  // namespace heddle
