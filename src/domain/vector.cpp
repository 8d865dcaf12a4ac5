// SPDX-License-Identifier: Apache-2.0
#include "domain/vector.hpp"

#include "base/base64.hpp"
#include "base/limits.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace heddle {
namespace {

static_assert(std::endian::native == std::endian::little, "vectors are stored as they are in memory");

// Sums of their own for so many neighbours: the compiler may then multiply them at once without reordering.
constexpr std::size_t kLanes = 16;

Problem wrong(std::string_view field, const std::string& why) {
    return Problem::invalid(std::string(field) + ": " + why);
}

void toUnitLength(std::vector<float>& values) {
    double squares = 0;
    for (const float value : values) squares += static_cast<double>(value) * value;
    if (squares == 0) return;
    const double length = std::sqrt(squares);
    for (float& value : values) value = static_cast<float>(value / length);
}

}  // namespace

Result<Vector> Vector::fromBytes(std::string_view bytes) {
    if (bytes.empty() || bytes.size() % sizeof(float) != 0) {
        return Problem::invalid("a vector is float32 numbers, at least one");
    }
    std::vector<float> values(bytes.size() / sizeof(float));
    if (values.size() > limits::kVectorDims) {
        return Problem::invalid("a vector has at most " + std::to_string(limits::kVectorDims) + " numbers");
    }
    std::memcpy(values.data(), bytes.data(), bytes.size());
    const bool finite =
        std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
    if (!finite) return Problem::invalid("a vector's numbers must be finite");
    toUnitLength(values);
    return Vector(std::move(values));
}

std::string_view Vector::bytes() const {
    return {reinterpret_cast<const char*>(values_.data()), values_.size() * sizeof(float)};
}

float Vector::cosine(std::string_view other) const {
    std::array<float, kLanes> sums{};
    const std::size_t whole = values_.size() / kLanes * kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes) {
        std::array<float, kLanes> theirs;
        std::memcpy(theirs.data(), other.data() + i * sizeof(float), sizeof(theirs));
        for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += values_[i + lane] * theirs[lane];
    }
    double sum = 0;
    for (const float lane : sums) sum += lane;
    for (std::size_t i = whole; i < values_.size(); ++i) {
        float their = 0;
        std::memcpy(&their, other.data() + i * sizeof(float), sizeof(their));
        sum += values_[i] * their;
    }
    return static_cast<float>(std::clamp(sum, -1.0, 1.0));
}

Result<Vector> readVector(JsonView text, std::string_view field) {
    const auto encoded = text.string();
    const auto bytes = encoded ? base64Decode(*encoded) : std::nullopt;
    if (!bytes) return wrong(field, "must be Base64");
    auto vector = Vector::fromBytes(*bytes);
    if (!vector) return wrong(field, vector.error().detail);
    return vector;
}

Result<std::vector<Vector>> readVectors(JsonView list, std::string_view field) {
    if (list.type() != JsonType::kArray) return wrong(field, "must be a list");
    std::vector<Vector> vectors;
    for (const JsonView element : list.elements()) {
        auto vector = readVector(element, field);
        if (!vector) return vector.error();
        if (!vectors.empty() && vectors.front().dims() != vector->dims()) {
            return wrong(field, "all must have as many numbers");
        }
        if (vectors.size() == limits::kItemVectors) {
            return wrong(field, "at most " + std::to_string(limits::kItemVectors) + " are kept for one item");
        }
        vectors.push_back(std::move(*vector));
    }
    return vectors;
}

}  // namespace heddle
