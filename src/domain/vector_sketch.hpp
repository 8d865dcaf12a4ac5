// SPDX-License-Identifier: Apache-2.0
// Vectors in a quarter of their size, with a bound of what that costs: for passing over most of them unread.
#pragma once

#include "domain/vector.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

// A byte for each number, and how far all of them together are off.
[[nodiscard]] std::string sketchOf(const Vector& vector);

// A vector that is compared with many sketches.
class SketchQuery {
  public:
    explicit SketchQuery(const Vector& vector);

    // How long sketches of vectors with as many numbers are.
    [[nodiscard]] std::size_t sketchSize() const;
    // Vector::cosine() with the vector of this sketch (of sketchSize()) is at most this.
    [[nodiscard]] float most(std::string_view sketch) const;

  private:
    std::vector<std::int16_t> numbers_;  // times scale_
    float scale_ = 0;
    float error_ = 0;     // length of what rounding took off
    float rounding_ = 0;  // of float arithmetic
};

}  // namespace heddle
