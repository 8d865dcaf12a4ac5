// SPDX-License-Identifier: Apache-2.0
#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <type_traits>

namespace heddle {
namespace {

// Always the same byte.
class SameByte final : public Random {
  public:
    explicit SameByte(std::uint8_t byte) : byte_(byte) {}
    void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), byte_); }

  private:
    std::uint8_t byte_;
};

TEST(Uuid, IsReadInEitherCaseAndPrintedInLowerCase) {
    EXPECT_EQ(Uuid::parse("046B5DC7-2108-582c-9c6c-31d556d138f0")->str(),
              "046b5dc7-2108-582c-9c6c-31d556d138f0");
    EXPECT_EQ(Uuid().str(), "00000000-0000-0000-0000-000000000000");
}

TEST(Uuid, RefusesOtherSpellings) {
    for (const std::string_view text :
         {"", "not-a-uuid", "046b5dc72108582c9c6c31d556d138f0", "{046b5dc7-2108-582c-9c6c-31d556d138f0}",
          "046b5dc7-2108-582c-9c6c-31d556d138f", "046b5dc7-2108-582c-9c6c-31d556d138f0 ",
          "046b5dc7-2108-582c-9c6c-31d556d138g0", "046b5dc7+2108-582c-9c6c-31d556d138f0",
          "046b5dc7-2108-582c-9c6c--1d556d138f0"}) {
        EXPECT_FALSE(Uuid::parse(text)) << text;
    }
}

TEST(Uuid, OfVersion7HoldsTheTimeAndSortsByIt) {
    SameByte zeros(0), ones(0xFF);
    const auto now = Timestamp::fromMicros(0x0123'4567'89ABLL * 1000);
    EXPECT_EQ(Uuid::v7(now, zeros).str(), "01234567-89ab-7000-8000-000000000000");
    EXPECT_EQ(Uuid::v7(now, ones).str(), "01234567-89ab-7000-bfff-ffffffffffff");
    for (std::int64_t micros = 0; micros < 1100; ++micros) {
        const auto at = now + microseconds(micros);
        EXPECT_LT(Uuid::v7(at, ones), Uuid::v7(at + microseconds(1), zeros)) << micros;
    }
}

TEST(Uuid, HasTheVersionAndVariantOfItsKind) {
    SameByte ones(0xFF);
    EXPECT_EQ(Uuid::v4(ones).str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    const auto dns = Uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8").value();
    EXPECT_EQ(Uuid::v5(dns, "www.example.com").str(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Id, IsATypeOfItsOwn) {
    static_assert(!std::is_convertible_v<ThreadId, RunId>);
    EXPECT_EQ(ThreadId::parse("046b5dc7-2108-582c-9c6c-31d556d138f0")->str(),
              "046b5dc7-2108-582c-9c6c-31d556d138f0");
    EXPECT_FALSE(RunId::parse("x"));
}

TEST(SystemRandom, DoesNotRepeatItself) {
    SystemRandom random;
    std::set<Uuid> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(Uuid::v4(random));
    EXPECT_EQ(seen.size(), 1000U);
    for (int i = 0; i < 1000; ++i) {
        const double unit = random.unit();
        EXPECT_TRUE(unit >= 0 && unit < 1);
    }
}

}  // namespace
}  // namespace heddle
