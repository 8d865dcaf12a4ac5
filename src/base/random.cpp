// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace heddle {

double Random::unit() {
    std::array<std::uint8_t, 8> bytes{};
    fill(bytes);
    std::uint64_t value = 0;
    for (const auto byte : bytes) value = value << 8 | byte;
    return static_cast<double>(value >> 11) * 0x1.0p-53;
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
        throw std::runtime_error("the system's random generator failed");
    }
}

}  // namespace heddle
