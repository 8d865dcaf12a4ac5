// SPDX-License-Identifier: Apache-2.0
#include "domain/traceparent.hpp"

#include <algorithm>
#include <cstddef>

namespace heddle {
namespace {

constexpr std::string_view kShape = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";

bool isHex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool allZeros(std::string_view text) {
    return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

bool isTraceparent(std::string_view text) {
    const bool shaped = std::equal(text.begin(), text.end(), kShape.begin(), kShape.end(),
                                   [](char c, char place) { return place == 'x' ? isHex(c) : c == place; });
    return shaped && !allZeros(text.substr(3, 32)) && !allZeros(text.substr(36, 16));
}

}  // namespace heddle
