// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/frame.hpp"

#include "base/limits.hpp"
#include "graph/worker/lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace heddle::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string unhex(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return out;
}

std::string encoded(std::string_view header, std::string body = {}) {
    FrameQueue queue;
    queue.push(header, std::move(body));
    std::string out;
    for (const auto& chunk : queue.take()) out += chunk;
    return out;
}

struct Decoded {
    std::vector<std::string> bodies;
    std::vector<std::vector<std::string>> parts;
    bool bad = false;
};

// Feeds `bytes` in pieces of at most `piece` bytes.
Decoded decode(std::string_view bytes, std::size_t piece) {
    FrameDecoder decoder;
    Decoded out;
    while (!out.bad) {
        while (true) {
            const auto frame = decoder.next();
            out.bad = frame.has_error();
            if (out.bad || !*frame) break;
            out.bodies.emplace_back((*frame)->body);
            out.parts.emplace_back((*frame)->parts.begin(), (*frame)->parts.end());
        }
        if (bytes.empty() || out.bad) break;
        const auto room = decoder.prepare();
        const std::size_t size = std::min({piece, room.size(), bytes.size()});
        std::memcpy(room.data(), bytes.data(), size);
        decoder.commit(size);
        bytes.remove_prefix(size);
    }
    return out;
}

RawJson vectors() {
    std::ifstream file(HEDDLE_TEST_SOURCE_DIR "/tests/vectors/worker-protocol/frames.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return RawJson::parse(text).value();
}

std::string field(JsonView object, std::string_view key) {
    return object.get(key).value().string().value();
}

TEST(FrameDecoder, TakesFramesHoweverTheyAreCut) {
    const std::string bytes = encoded(R"({"method":"a"})", "one") + encoded(R"({"re":1})") +
                              encoded(R"({"method":"b","parts":[1,2]})", "two");
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        const Decoded got = decode(bytes, piece);
        EXPECT_FALSE(got.bad);
        EXPECT_THAT(got.bodies, ElementsAre("one", "", "two")) << piece;
        EXPECT_THAT(got.parts[2], ElementsAre("t", "wo"));
    }
}

TEST(FrameDecoder, TakesALargeBodyAndGoesOnAfterIt) {
    const std::string large(5'000'000, 'x');
    const std::string bytes = encoded("{}", large) + encoded("{}", "small") + encoded("{}", large);
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{65536}, bytes.size()}) {
        EXPECT_THAT(decode(bytes, piece).bodies, ElementsAre(large, "small", large));
    }
}

TEST(FrameDecoder, TakesTheLargestBody) {
    const std::string bytes = encoded("{}", std::string(limits::kFrameBody, 'b'));
    EXPECT_EQ(decode(bytes, bytes.size()).bodies.at(0).size(), limits::kFrameBody);
}

TEST(FrameDecoder, TakesTheLargestHeader) {
    std::string header = R"({"x":")";
    header += std::string(limits::kFrameHeader - header.size() - 2, 'h') + "\"}";
    EXPECT_EQ(decode(encoded(header), 4096).bodies.size(), 1U);
    EXPECT_FALSE(FrameQueue::fits(limits::kFrameHeader + 1, 0));
    EXPECT_FALSE(FrameQueue::fits(1, limits::kFrameBody + 1));
}

TEST(FrameDecoder, AnnouncedLengthsAloneCostNoMemory) {
    FrameDecoder decoder;
    const std::string start = unhex("0000000204000000") + "{}";
    const auto room = decoder.prepare();
    std::memcpy(room.data(), start.data(), start.size());
    decoder.commit(start.size());
    EXPECT_FALSE(decoder.next().value());
    EXPECT_LT(decoder.prepare().size(), 1'000'000U);
}

TEST(FrameVectors, FramesDecodeWholeAndByteByByteAndEncodeToTheSameBytes) {
    const RawJson all = vectors();
    std::size_t count = 0;
    for (const JsonView vector : all.view().get("frames").value().elements()) {
        ++count;
        const std::string bytes = unhex(field(vector, "hex"));
        const std::string body = unhex(field(vector, "body_hex"));
        for (const std::size_t piece : {std::size_t{1}, bytes.size()}) {
            const Decoded got = decode(bytes, piece);
            EXPECT_FALSE(got.bad) << field(vector, "name");
            EXPECT_THAT(got.bodies, ElementsAre(body)) << field(vector, "name");
            const auto blobs = vector.get("blobs_hex");
            if (!blobs) continue;
            std::vector<std::string> expected;
            for (const JsonView blob : blobs->elements()) expected.push_back(unhex(blob.string().value()));
            EXPECT_EQ(got.parts.at(0), expected) << field(vector, "name");
        }
        const std::string header = bytes.substr(8, bytes.size() - 8 - body.size());
        EXPECT_EQ(encoded(header, body), bytes) << field(vector, "name");
    }
    EXPECT_GT(count, 10U);
}

TEST(FrameVectors, IncompleteFramesAreAwaited) {
    const RawJson all = vectors();
    for (const JsonView vector : all.view().get("incomplete").value().elements()) {
        const Decoded got = decode(unhex(field(vector, "hex")), 7);
        EXPECT_FALSE(got.bad) << field(vector, "name");
        EXPECT_THAT(got.bodies, IsEmpty()) << field(vector, "name");
    }
}

TEST(FrameVectors, BadFramesEndTheConnection) {
    const RawJson all = vectors();
    for (const JsonView vector : all.view().get("bad").value().elements()) {
        const auto good = vector.get("good_before");
        for (const std::size_t piece : {std::size_t{1}, std::size_t{100'000}}) {
            const Decoded got = decode(unhex(field(vector, "hex")), piece);
            EXPECT_TRUE(got.bad) << field(vector, "name");
            EXPECT_EQ(got.bodies.size(), good ? 1U : 0U) << field(vector, "name");
        }
    }
}

TEST(FrameVectors, EventBodies) {
    const RawJson all = vectors();
    for (const JsonView vector : all.view().get("event_bodies").value().elements()) {
        EXPECT_EQ(isOneLine(unhex(field(vector, "hex"))), vector.get("ok").value().boolean())
            << field(vector, "name");
    }
}

TEST(FrameQueue, CopiesSmallFramesTogetherAndMovesLargeBodies) {
    FrameQueue queue;
    for (int i = 0; i < 10; ++i) queue.push("{}", "small");
    std::string large(100'000, 'x');
    const char* where = large.data();
    queue.push("{}", std::move(large));
    queue.push("{}");
    const std::size_t bytes = queue.bytes();
    const auto chunks = queue.take();
    ASSERT_EQ(chunks.size(), 3U);
    EXPECT_EQ(chunks[1].data(), where);
    EXPECT_EQ(bytes, chunks[0].size() + chunks[1].size() + chunks[2].size());
    EXPECT_TRUE(queue.empty());
}

TEST(FrameQueue, SendsPartsOneAfterTheOther) {
    FrameQueue queue;
    queue.push(R"({"parts":[1,20000,0,2]})", {"a", std::string(20'000, 'b'), "", "cd"});
    std::string bytes;
    for (const auto& chunk : queue.take()) bytes += chunk;
    EXPECT_THAT(decode(bytes, bytes.size()).parts.at(0),
                ElementsAre("a", std::string(20'000, 'b'), "", "cd"));
}

TEST(LineSplitter, GivesLinesHoweverTheyAreCut) {
    const std::string text = "one\ntwo\r\n\nthree";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        std::vector<std::string> lines;
        LineSplitter splitter(100, [&](std::string_view line) { lines.emplace_back(line); });
        for (std::size_t at = 0; at < text.size(); at += piece)
            splitter.feed(std::string_view(text).substr(at, piece));
        splitter.finish();
        EXPECT_THAT(lines, ElementsAre("one", "two", "three")) << piece;
    }
}

TEST(LineSplitter, CutsLinesThatAreTooLong) {
    std::vector<std::string> lines;
    LineSplitter splitter(4, [&](std::string_view line) { lines.emplace_back(line); });
    splitter.feed("abcdefghij\nk\n");
    EXPECT_THAT(lines, ElementsAre("abcd", "efgh", "ij", "k"));
}

}  // namespace
}  // namespace heddle::graph
