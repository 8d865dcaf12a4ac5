// SPDX-License-Identifier: Apache-2.0
#include "domain/vector.hpp"

#include "base/base64.hpp"
#include "base/limits.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace heddle {
namespace {

using test::bytesOf;
using test::vectorOf;

Result<std::vector<Vector>> readList(const std::string& json) {
    return readVectors(JsonView::trusted(json), "vectors");
}

std::string quoted(const std::vector<float>& values) {
    return '"' + base64Encode(bytesOf(values)) + '"';
}

TEST(Vector, IsBroughtToUnitLength) {
    EXPECT_EQ(vectorOf({3, 4}).bytes(), bytesOf({0.6F, 0.8F}));
    EXPECT_EQ(vectorOf({0, 0}).bytes(), bytesOf({0, 0}));
    // Squares beyond a float's range, and below it.
    EXPECT_NEAR(vectorOf({3e30F, 4e30F}).cosine(bytesOf({1, 0})), 0.6, 1e-6);
    EXPECT_NEAR(vectorOf({3e-30F, 4e-30F}).cosine(bytesOf({1, 0})), 0.6, 1e-6);
}

TEST(Vector, CosinesAreThoseOfTheFormulaForAnyNumberOfDimensions) {
    for (std::size_t dims = 1; dims <= 70; ++dims) {
        std::vector<float> a;
        std::vector<float> b;
        double products = 0;
        double squares_a = 0;
        double squares_b = 0;
        for (std::size_t i = 0; i < dims; ++i) {
            a.push_back(std::sin(static_cast<float>(i * dims)) + 0.1F);
            b.push_back(std::cos(static_cast<float>(i + 3 * dims)) - 0.3F);
            products += static_cast<double>(a[i]) * b[i];
            squares_a += static_cast<double>(a[i]) * a[i];
            squares_b += static_cast<double>(b[i]) * b[i];
        }
        const double expected = products / std::sqrt(squares_a * squares_b);
        // Stored bytes need not be aligned.
        const std::string shifted = ' ' + std::string(vectorOf(b).bytes());
        EXPECT_NEAR(vectorOf(a).cosine(std::string_view(shifted).substr(1)), expected, 1e-6) << dims;
    }
    EXPECT_EQ(vectorOf({1, 2}).cosine(vectorOf({0, 0}).bytes()), 0);
    EXPECT_LE(vectorOf({0.1F, 0.7F, 0.3F}).cosine(vectorOf({0.1F, 0.7F, 0.3F}).bytes()), 1);
}

TEST(Vector, WhatIsNoneIsRefused) {
    EXPECT_EQ(Vector::fromBytes("").error().detail, "a vector is float32 numbers, at least one");
    EXPECT_EQ(Vector::fromBytes("12345").error().detail, "a vector is float32 numbers, at least one");
    for (const float value :
         {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        EXPECT_EQ(Vector::fromBytes(bytesOf({1, value})).error().detail, "a vector's numbers must be finite");
    }
    const std::string most(limits::kVectorDims * sizeof(float), '\0');
    EXPECT_TRUE(Vector::fromBytes(most));
    EXPECT_EQ(Vector::fromBytes(most + most.substr(0, 4)).error().detail,
              "a vector has at most 16384 numbers");
}

TEST(Vector, ListsOfThemAreReadAndNameWhatIsWrong) {
    const auto two = readList("[" + quoted({1, 0}) + "," + quoted({0, 1}) + "]");
    ASSERT_TRUE(two);
    EXPECT_EQ(two->size(), 2U);
    EXPECT_TRUE(readList("[]")->empty());
    EXPECT_EQ(readList("{}").error().detail, "vectors: must be a list");
    EXPECT_EQ(readList("[1]").error().detail, "vectors: must be Base64");
    EXPECT_EQ(readList(R"(["?"])").error().detail, "vectors: must be Base64");
    EXPECT_EQ(readList(R"([""])").error().detail, "vectors: a vector is float32 numbers, at least one");
    EXPECT_EQ(readList("[" + quoted({1, 0}) + "," + quoted({1}) + "]").error().detail,
              "vectors: all must have as many numbers");
    std::string many = "[" + quoted({1});
    for (std::size_t i = 1; i < limits::kItemVectors; ++i) many += "," + quoted({1});
    EXPECT_TRUE(readList(many + "]"));
    EXPECT_EQ(readList(many + "," + quoted({1}) + "]").error().detail,
              "vectors: at most 1000 are kept for one item");
}

}  // namespace
}  // namespace heddle
