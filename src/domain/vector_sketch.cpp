// SPDX-License-Identifier: Apache-2.0
#include "domain/vector_sketch.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

namespace heddle {
namespace {

constexpr float kByteMost = 127;
constexpr std::int64_t kQueryMost = 16'383;

// What stands before a sketch's bytes.
struct Head {
    float scale = 0;
    float error = 0;  // length of the difference between the vector and the bytes times `scale`
};

std::vector<float> numbersOf(const Vector& vector) {
    std::vector<float> numbers(vector.dims());
    std::memcpy(numbers.data(), vector.bytes().data(), vector.bytes().size());
    return numbers;
}

// Rounds the numbers to whole ones from -most to most.
template <class Whole>
Head quantize(std::span<const float> numbers, float most, std::vector<Whole>& whole) {
    float largest = 0;
    for (const float number : numbers) largest = std::max(largest, std::abs(number));
    const Head none;
    whole.assign(numbers.size(), 0);
    if (largest == 0) return none;
    const float scale = largest / most;
    double squares = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const float rounded = std::clamp(std::round(numbers[i] / scale), -most, most);
        whole[i] = static_cast<Whole>(rounded);
        const double off = static_cast<double>(numbers[i]) - static_cast<double>(rounded) * scale;
        squares += off * off;
    }
    return {scale, std::nextafter(static_cast<float>(std::sqrt(squares)), 2.0F)};
}

// Sums stay within 32 bits.
float queryMost(std::size_t dims) {
    const auto sum_most = std::numeric_limits<std::int32_t>::max() / static_cast<std::int64_t>(kByteMost);
    return static_cast<float>(std::min(kQueryMost, sum_most / static_cast<std::int64_t>(dims)));
}

}  // namespace

std::string sketchOf(const Vector& vector) {
    std::vector<std::int8_t> bytes;
    const Head head = quantize<std::int8_t>(numbersOf(vector), kByteMost, bytes);
    std::string sketch(sizeof(head) + bytes.size(), '\0');
    std::memcpy(sketch.data(), &head, sizeof(head));
    std::memcpy(sketch.data() + sizeof(head), bytes.data(), bytes.size());
    return sketch;
}

SketchQuery::SketchQuery(const Vector& vector) {
    const Head head = quantize<std::int16_t>(numbersOf(vector), queryMost(vector.dims()), numbers_);
    scale_ = head.scale;
    error_ = head.error;
    rounding_ = static_cast<float>(vector.dims() + 256) * std::numeric_limits<float>::epsilon();
}

std::size_t SketchQuery::sketchSize() const {
    return sizeof(Head) + numbers_.size();
}

// With v = v' + e and q = q' + d, where v' and q' are the rounded ones:
// q·v = q'·v' + d·v' + q·e ≤ q'·v' + |d|·|v'| + |q|·|e|, and |q| ≤ 1, |v'| ≤ 1 + |e|.
float SketchQuery::most(std::string_view sketch) const {
    Head head;
    std::memcpy(&head, sketch.data(), sizeof(head));
    const auto* bytes = reinterpret_cast<const std::int8_t*>(sketch.data() + sizeof(head));
    const std::int16_t* numbers = numbers_.data();
    const std::size_t size = numbers_.size();
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += std::int32_t{bytes[i]} * std::int32_t{numbers[i]};
    return static_cast<float>(sum) * head.scale * scale_ + error_ * (1 + head.error) + head.error + rounding_;
}

}  // namespace heddle
