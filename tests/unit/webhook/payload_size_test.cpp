// SPDX-License-Identifier: Apache-2.0
// Which fields a body carries and how large it may get.
#include "base/limits.hpp"
#include "domain/webhook_fields.hpp"
#include "webhook/payload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace heddle::webhook {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kStateReference =
    R"("values":{"$truncated":true,"url":"/threads/01a20935-5534-7459-9800-944e21306345/state"})";
constexpr const char* kRunReference =
    R"({"$truncated":true,"url":"/threads/01a20935-5534-7459-9800-944e21306345/runs/01a20935-5538-758c-8d88-0f5e8072a208"})";

Run finishedRun() {
    Run run;
    run.id = *RunId::parse("01a20935-5538-758c-8d88-0f5e8072a208");
    run.thread_id = *ThreadId::parse("01a20935-5534-7459-9800-944e21306345");
    run.assistant_id = *AssistantId::parse("046b5dc7-2108-582c-9c6c-31d556d138f0");
    run.status = RunStatus::kInterrupted;
    run.kwargs.webhook = "http://h.example/";
    run.created_at = run.updated_at = Timestamp::fromMicros(1'795'450'820'000'000);
    run.started_at = run.ended_at = run.created_at;
    return run;
}

// {"x":"ooo…"} of about this size.
RawJson large(std::size_t bytes) {
    return RawJson::trusted(R"({"x":")" + std::string(bytes, 'o') + "\"}");
}

WebhookFields only(std::vector<std::string> allowed) {
    WebhookFields fields;
    fields.allowed = std::move(allowed);
    return fields;
}

WebhookFields atMost(std::size_t bytes) {
    WebhookFields fields;
    fields.body_bytes_max = bytes;
    return fields;
}

std::string sent(const Payload& payload) {
    Delivery delivery;
    delivery.body = payload.body;
    delivery.sent_at_offset = payload.sent_at_offset;
    return stamped(delivery, Timestamp::fromMicros(1'795'450'820'548'146));
}

TEST(PayloadFields, AreThoseThatAreAllowedInTheBodysOrder) {
    auto run = finishedRun();
    run.error = RunError{"UserInterrupt", "stopped"};
    EXPECT_EQ(sent(buildPayload(run, RawJson::trusted("[1 ]"),
                                only({"values", "status", "run_id", "webhook_sent_at", "error"}))),
              R"({"run_id":"01a20935-5538-758c-8d88-0f5e8072a208","status":"interrupted",)"
              R"("webhook_sent_at":"2026-11-23T16:20:20.548146+00:00","values":[1 ],)"
              R"("error":{"error":"UserInterrupt","message":"stopped"}})");
    EXPECT_EQ(sent(buildPayload(run, std::nullopt, only({"values"}))), "{}");
}

TEST(PayloadFields, EachCanBeAlone) {
    auto run = finishedRun();
    for (const auto name : kWebhookFieldNames) {
        const auto body =
            RawJson::parse(sent(buildPayload(run, RawJson::trusted("{}"), only({std::string(name)}))));
        ASSERT_TRUE(body) << name;
        const auto fields = body->view().fields();
        ASSERT_EQ(fields.size(), 1U) << name;
        EXPECT_EQ(fields[0].key, name);
    }
}

TEST(PayloadFields, NothingIsStampedWhereTheTimeIsLeftOut) {
    const auto payload = buildPayload(finishedRun(), std::nullopt, only({"run_id", "status"}));
    EXPECT_EQ(payload.sent_at_offset, -1);
    EXPECT_EQ(sent(payload), payload.body);
}

TEST(PayloadSize, IsLeftAloneUpToTheBound) {
    const auto run = finishedRun();
    const auto values = large(5000);
    const auto whole = buildPayload(run, values, WebhookFields()).body;
    EXPECT_EQ(buildPayload(run, values, atMost(whole.size())).body, whole);
    const auto cut = buildPayload(run, values, atMost(whole.size() - 1)).body;
    EXPECT_THAT(cut, HasSubstr(kStateReference));
    EXPECT_THAT(cut, HasSubstr(R"("kwargs":{"input":null,)"));
}

TEST(PayloadSize, TakesValuesFirstThenKwargsThenMetadata) {
    auto run = finishedRun();
    run.kwargs.input = large(3000);
    run.metadata = large(2000);
    const auto values = large(4000);
    const auto first = buildPayload(run, values, atMost(8000)).body;
    EXPECT_THAT(first, HasSubstr(kStateReference));
    EXPECT_THAT(first, HasSubstr(run.kwargs.input.text()));
    EXPECT_THAT(first, HasSubstr(run.metadata.text()));
    const auto second = buildPayload(run, values, atMost(4000)).body;
    EXPECT_THAT(second, HasSubstr(kStateReference));
    EXPECT_THAT(second, HasSubstr(std::string("\"kwargs\":") + kRunReference));
    EXPECT_THAT(second, HasSubstr(run.metadata.text()));
    const auto third = buildPayload(run, values, atMost(2000)).body;
    EXPECT_THAT(third, HasSubstr(std::string("\"metadata\":") + kRunReference));
    for (const auto& body : {first, second, third}) EXPECT_TRUE(RawJson::parse(body));
}

TEST(PayloadSize, KeepsWhatIsSmallerThanItsReference) {
    auto run = finishedRun();
    run.kwargs.input = large(3000);
    const auto body = buildPayload(run, RawJson::trusted(R"({"a":1})"), atMost(2000)).body;
    EXPECT_THAT(body, HasSubstr(R"("values":{"a":1})"));
    EXPECT_THAT(body, HasSubstr(R"("metadata":{},)"));
}

TEST(PayloadSize, RefersStatelessRunsToTheirOwnPaths) {
    auto run = finishedRun();
    run.kwargs.temporary = true;
    run.kwargs.input = large(3000);
    const auto body = buildPayload(run, large(3000), atMost(1024)).body;
    EXPECT_THAT(
        body,
        HasSubstr(R"("values":{"$truncated":true,"url":"/runs/01a20935-5538-758c-8d88-0f5e8072a208/join"})"));
    EXPECT_THAT(
        body,
        HasSubstr(R"("kwargs":{"$truncated":true,"url":"/runs/01a20935-5538-758c-8d88-0f5e8072a208"})"));
}

TEST(PayloadSize, PutsTheMountPrefixBeforeReferences) {
    auto fields = atMost(1024);
    fields.reference_prefix = "/my/api";
    const auto body = buildPayload(finishedRun(), large(3000), fields).body;
    EXPECT_THAT(body, HasSubstr(R"("url":"/my/api/threads/01a20935-5534-7459-9800-944e21306345/state"})"));
}

TEST(PayloadSize, DoesNotCountFieldsThatAreNotSent) {
    auto run = finishedRun();
    run.metadata = large(5000);
    auto fields = only({"run_id", "values"});
    fields.body_bytes_max = 1024;
    EXPECT_THAT(buildPayload(run, large(800), fields).body, HasSubstr("ooo"));
    EXPECT_THAT(buildPayload(run, large(1000), fields).body, Not(HasSubstr("ooo")));
}

TEST(PayloadSize, CutsTheErrorLastAndBetweenCharacters) {
    auto run = finishedRun();
    std::string message;
    for (int i = 0; i < 2000; ++i) message += "\xC3\xA9\n\"\x01\xF0\x9F\x98\x80";
    run.error = RunError{"ValueError", message};
    for (std::size_t most = 1500; most < 1520; ++most) {
        const auto body = buildPayload(run, std::nullopt, atMost(most)).body;
        EXPECT_LE(body.size(), most);
        EXPECT_GT(body.size() + 8, most);  // a character takes at most 6 bytes
        const auto json = RawJson::parse(body);
        ASSERT_TRUE(json);
        const auto error = json->view().get("error").value();
        EXPECT_EQ(error.get("error")->string(), "ValueError");
        EXPECT_TRUE(message.starts_with(error.get("message")->string().value()));
    }
}

// Everything as large as it can be, at the smallest bound that can be configured.
TEST(PayloadSize, FitsTheSmallestBoundWhateverTheRun) {
    auto run = finishedRun();
    run.kwargs.input = run.metadata = large(100'000);
    run.multitask_strategy = MultitaskStrategy::kInterrupt;
    run.status = RunStatus::kInterrupted;
    run.error = RunError{std::string(100'000, '\x01'), std::string(100'000, '\xFF')};
    for (const bool temporary : {false, true}) {
        run.kwargs.temporary = temporary;
        const auto payload = buildPayload(run, large(100'000), atMost(limits::kWebhookBodyLeast));
        EXPECT_LE(payload.body.size(), limits::kWebhookBodyLeast);
        const auto body = RawJson::parse(sent(payload));
        ASSERT_TRUE(body);
        EXPECT_EQ(body->view().fields().size(), kWebhookFieldNames.size());
    }
}

}  // namespace
}  // namespace heddle::webhook
