// SPDX-License-Identifier: Apache-2.0
// Random numbers, injected so that tests can choose them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace heddle {

class Random {
  public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;

    // Uniform in [0, 1).
    double unit();
};

// The operating system's generator (OpenSSL RAND_bytes). Thread-safe. Throws std::runtime_error when it
// fails.
class SystemRandom final : public Random {
  public:
    void fill(std::span<std::uint8_t> out) override;
};

}  // namespace heddle
