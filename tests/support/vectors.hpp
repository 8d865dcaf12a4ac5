// SPDX-License-Identifier: Apache-2.0
// Vectors made of numbers.
#pragma once

#include "domain/vector.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace heddle::test {

inline std::string bytesOf(const std::vector<float>& numbers) {
    std::string bytes(numbers.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), numbers.data(), bytes.size());
    return bytes;
}

inline Vector vectorOf(const std::vector<float>& numbers) {
    return Vector::fromBytes(bytesOf(numbers)).value();
}

}  // namespace heddle::test
