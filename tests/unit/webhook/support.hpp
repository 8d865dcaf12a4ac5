// SPDX-License-Identifier: Apache-2.0
// A clock that tests move, and random numbers that repeat.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <random>
#include <span>

namespace heddle::webhook {

class FakeClock final : public Clock {
  public:
    explicit FakeClock(Timestamp start = Timestamp::fromMicros(1'795'450'820'000'000)) : now_(start) {}
    [[nodiscard]] Timestamp now() const override { return now_; }
    [[nodiscard]] microseconds steady() const override { return steady_; }
    void advance(microseconds time) {
        now_ = now_ + time;
        steady_ += time;
    }
    void jump(microseconds time) { now_ = now_ + time; }

  private:
    Timestamp now_;
    microseconds steady_{0};
};

class SeededRandom final : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out) byte = static_cast<std::uint8_t>(engine_());
    }

  private:
    std::mt19937_64 engine_;
};

// Always the same bytes: 0x00 makes unit() the least, 0xff the greatest.
class ConstantRandom final : public Random {
  public:
    explicit ConstantRandom(std::uint8_t byte) : byte_(byte) {}
    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out) byte = byte_;
    }

  private:
    std::uint8_t byte_;
};

}  // namespace heddle::webhook
