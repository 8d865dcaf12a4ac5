// SPDX-License-Identifier: Apache-2.0
#include "domain/vector.hpp"

#include "base/base64.hpp"
#include "base/limits.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace heddle {
namespace {

static_assert(std::endian::native == std::endian::little, "vectors are stored as they are in memory");

// So many neighbours are multiplied and summed up side by side, whatever the processor has for it.
constexpr std::size_t kLanes = 16;
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

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
    const float* ours = values_.data();
    const char* theirs = other.data();
    Lanes sums{};
    std::size_t left = values_.size();
    for (; left >= kLanes; left -= kLanes, ours += kLanes, theirs += sizeof(Lanes)) {
        Lanes a;
        Lanes b;
        std::memcpy(&a, ours, sizeof(a));
        std::memcpy(&b, theirs, sizeof(b));
        sums += a * b;
    }
    double sum = 0;
    for (std::size_t lane = 0; lane < kLanes; ++lane) sum += static_cast<double>(sums[lane]);
    for (; left > 0; --left, ++ours, theirs += sizeof(float)) {
        float their = 0;
        std::memcpy(&their, theirs, sizeof(their));
        sum += static_cast<double>(*ours) * their;
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
