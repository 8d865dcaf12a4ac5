// SPDX-License-Identifier: Apache-2.0
// The schedules, starts and answers of tests/vectors/cron, made with croniter by
// tests/support/cron_vectors.py.
#include "times.hpp"

#include <fstream>
#include <sstream>

namespace heddle::cron {
namespace {

struct Vector {
    std::string schedule, zone, start, answer;
};

std::vector<Vector> vectors() {
    std::ifstream file(HEDDLE_TEST_SOURCE_DIR "/tests/vectors/cron/croniter.tsv");
    std::vector<Vector> read;
    for (std::string line; std::getline(file, line);) {
        std::istringstream columns(line);
        Vector vector;
        for (auto* column : {&vector.schedule, &vector.zone, &vector.start, &vector.answer}) {
            std::getline(columns, *column, '\t');
        }
        read.push_back(std::move(vector));
    }
    return read;
}

std::string answer(Zones& zones, const Vector& vector) {
    const auto schedule = Schedule::parse(vector.schedule);
    if (!schedule) return "refused";
    const auto zone = zones.find(vector.zone);
    if (!zone) return zone.error().detail;
    const auto start = Timestamp::fromMicros(std::stoll(vector.start) * 1'000'000);
    const auto next = nextRunDate(*schedule, **zone, start);
    return next ? std::to_string((*next - start).count() / 1'000'000) : "none";
}

TEST(ScheduleVectors, HaveCronitersAnswers) {
    Zones zones;
    const auto all = vectors();
    EXPECT_GE(all.size(), 5000);
    for (const auto& vector : all) {
        EXPECT_EQ(answer(zones, vector), vector.answer)
            << vector.schedule << " from " << vector.start << ", " << vector.zone;
    }
}

}  // namespace
}  // namespace heddle::cron
