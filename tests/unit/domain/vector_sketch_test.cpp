// SPDX-License-Identifier: Apache-2.0
#include "domain/vector_sketch.hpp"

#include "base/limits.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace heddle {
namespace {

using test::vectorOf;

TEST(VectorSketch, IsAQuarterOfTheVector) {
    const Vector vector = vectorOf(std::vector<float>(384, 1));
    EXPECT_EQ(sketchOf(vector).size(), 384U + 8);
    EXPECT_EQ(SketchQuery(vector).sketchSize(), 384U + 8);
}

TEST(VectorSketch, BoundsTheCosineCloselyWhateverTheNumbers) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    for (const std::size_t dims : {1UL, 2UL, 7UL, 16UL, 384UL, 1536UL, limits::kVectorDims}) {
        for (int round = 0; round < 30; ++round) {
            std::vector<float> a(dims);
            std::vector<float> b(dims);
            for (std::size_t i = 0; i < dims; ++i) {
                a[i] = round % 3 == 0 ? 1 : normal(random);
                b[i] = round % 5 == 0   ? std::pow(normal(random), 5.0F)
                       : round % 7 == 0 ? a[i]
                                        : normal(random);
            }
            const Vector one = vectorOf(a);
            const Vector other = vectorOf(b);
            const float cosine = one.cosine(other.bytes());
            const float most = SketchQuery(one).most(sketchOf(other));
            EXPECT_GE(most, cosine) << dims;
            if (round % 5 != 0) EXPECT_LT(most - cosine, 0.05) << dims;
        }
    }
}

TEST(VectorSketch, OfNothingIsNothing) {
    const Vector zero = vectorOf({0, 0, 0});
    const Vector one = vectorOf({1, 2, 3});
    EXPECT_GE(SketchQuery(zero).most(sketchOf(one)), 0);
    EXPECT_GE(SketchQuery(one).most(sketchOf(zero)), 0);
    EXPECT_LT(SketchQuery(one).most(sketchOf(zero)), 0.001);
}

}  // namespace
}  // namespace heddle
