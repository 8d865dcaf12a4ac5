// SPDX-License-Identifier: Apache-2.0
#include "webhook/payload.hpp"

#include "domain/webhook_fields.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace heddle::webhook {
namespace {

Timestamp at(const char* text) {
    return Timestamp::parse(text).value();
}

Run finishedRun() {
    Run run;
    run.id = *RunId::parse("01a20935-5538-758c-8d88-0f5e8072a208");
    run.thread_id = *ThreadId::parse("01a20935-5534-7459-9800-944e21306345");
    run.assistant_id = *AssistantId::parse("046b5dc7-2108-582c-9c6c-31d556d138f0");
    run.metadata = RawJson::trusted(R"({"my": "meta", "n":1e5})");
    run.status = RunStatus::kSuccess;
    run.kwargs.input = RawJson::trusted(R"({"text": "hi", "big":18446744073709551616})");
    run.kwargs.webhook = "http://h.example/?token=x";
    run.created_at = at("2026-11-23T16:20:19.897173Z");
    run.updated_at = at("2026-11-23T16:20:20.547742Z");
    run.started_at = at("2026-11-23T16:20:20.535019Z");
    run.ended_at = at("2026-11-23T16:20:20.546990Z");
    return run;
}

Delivery deliveryOf(const Run& run, const std::optional<RawJson>& values) {
    auto payload = buildPayload(run, values, WebhookFields());
    Delivery delivery;
    delivery.body = std::move(payload.body);
    delivery.sent_at_offset = payload.sent_at_offset;
    return delivery;
}

std::string sent(const Run& run, const std::optional<RawJson>& values) {
    return stamped(deliveryOf(run, values), at("2026-11-23T16:20:20.548146Z"));
}

TEST(Payload, IsTheRunWithValuesTimeAndError) {
    const auto body = sent(finishedRun(), RawJson::trusted(R"({"text":"hi", "out":"hi"})"));
    EXPECT_EQ(
        body,
        R"({"run_id":"01a20935-5538-758c-8d88-0f5e8072a208",)"
        R"("thread_id":"01a20935-5534-7459-9800-944e21306345",)"
        R"("assistant_id":"046b5dc7-2108-582c-9c6c-31d556d138f0",)"
        R"("metadata":{"my": "meta", "n":1e5},"status":"success",)"
        R"("kwargs":{"input":{"text": "hi", "big":18446744073709551616},"command":null,"config":{},"context":{},)"
        R"("stream_mode":["values"],"interrupt_before":null,"interrupt_after":null,)"
        R"("webhook":"http://h.example/?token=x","feedback_keys":null,"temporary":false,"subgraphs":false,)"
        R"("resumable":false,"checkpoint_during":true,"durability":"async"},)"
        R"("multitask_strategy":"enqueue",)"
        R"("created_at":"2026-11-23T16:20:19.897173+00:00","updated_at":"2026-11-23T16:20:20.547742+00:00",)"
        R"("run_started_at":"2026-11-23T16:20:20.535019+00:00",)"
        R"("run_ended_at":"2026-11-23T16:20:20.546990+00:00",)"
        R"("webhook_sent_at":"2026-11-23T16:20:20.548146+00:00",)"
        R"("values":{"text":"hi", "out":"hi"},"error":null})");
    EXPECT_TRUE(RawJson::parse(body));
}

TEST(Payload, LeavesValuesOutWhenThereAreNone) {
    const auto body = sent(finishedRun(), std::nullopt);
    EXPECT_EQ(body.find("\"values\":"), std::string::npos);
    EXPECT_TRUE(body.ends_with(R"("webhook_sent_at":"2026-11-23T16:20:20.548146+00:00","error":null})"));
    EXPECT_TRUE(RawJson::parse(body));
}

TEST(Payload, SaysWhatWentWrong) {
    auto run = finishedRun();
    run.status = RunStatus::kTimeout;
    run.error = RunError{"TimeoutError", "Run exceeded \"maximum\" execution time"};
    const auto body = sent(run, std::nullopt);
    EXPECT_NE(body.find(R"("status":"timeout")"), std::string::npos);
    EXPECT_TRUE(body.ends_with(
        R"("error":{"error":"TimeoutError","message":"Run exceeded \"maximum\" execution time"}})"));
}

TEST(Payload, LeavesTheTimesOfARunThatNeverStartedOut) {
    auto run = finishedRun();
    run.status = RunStatus::kRolledBack;
    run.started_at.reset();
    run.ended_at.reset();
    const auto body = sent(run, std::nullopt);
    EXPECT_EQ(body.find("run_started_at"), std::string::npos);
    EXPECT_EQ(body.find("run_ended_at"), std::string::npos);
    EXPECT_NE(body.find(R"("status":"rollback")"), std::string::npos);
}

TEST(Payload, HidesWhoRanItAndOurBookkeeping) {
    auto run = finishedRun();
    run.kwargs.config = RawJson::trusted(
        R"({"tags":["__kept"],"configurable":{"langgraph_auth_user":{"email":"a@b"},"langgraph_auth_user_id":"u",)"
        R"("langgraph_auth_permissions":[],"__request_start_time_ms__":1,"model": "m" ,"n":1.0,"user_id":"u"},)"
        R"("metadata":{"__x":1,"langgraph_auth_user":null,"m":1e400000000},"recursion_limit":25,"__internal":1})");
    const auto body = sent(run, std::nullopt);
    EXPECT_EQ(body.find("langgraph_auth"), std::string::npos);
    EXPECT_NE(body.find(R"("config":{"tags":["__kept"],"configurable":{"model":"m","n":1.0,"user_id":"u"},)"
                        R"("metadata":{"m":1e400000000},"recursion_limit":25},)"),
              std::string::npos)
        << body;
}

TEST(Payload, KeepsTheInputsOwnUnderscores) {
    auto run = finishedRun();
    run.kwargs.input = RawJson::trusted(R"({"__mine":1,"configurable":{"__x":1}})");
    run.kwargs.config = RawJson::trusted(R"({ "configurable" : {"a" : 1 , "b":{"__deep":1}} })");
    const auto body = sent(run, std::nullopt);
    EXPECT_NE(body.find(R"("input":{"__mine":1,"configurable":{"__x":1}})"), std::string::npos);
    EXPECT_NE(body.find(R"({"a" : 1 , "b":{"__deep":1}})"), std::string::npos) << body;
}

TEST(Payload, IsTheSameAtEveryAttemptButForNothing) {
    const auto delivery = deliveryOf(finishedRun(), std::nullopt);
    const auto once = stamped(delivery, at("2026-01-01T00:00:00Z"));
    EXPECT_EQ(once, stamped(delivery, at("2026-01-01T00:00:00Z")));
    EXPECT_EQ(once.size(), delivery.body.size());
    EXPECT_NE(once.find(R"("webhook_sent_at":"2026-01-01T00:00:00.000000+00:00")"), std::string::npos);
}

TEST(Payload, RefusesADamagedRow) {
    Delivery delivery = deliveryOf(finishedRun(), std::nullopt);
    delivery.sent_at_offset = static_cast<std::int64_t>(delivery.body.size()) - 31;
    EXPECT_THROW(stamped(delivery, Timestamp()), std::runtime_error);
    delivery.sent_at_offset = std::numeric_limits<std::int64_t>::max();
    EXPECT_THROW(stamped(delivery, Timestamp()), std::runtime_error);
    delivery.body = "{}";
    delivery.sent_at_offset = 0;
    EXPECT_THROW(stamped(delivery, Timestamp()), std::runtime_error);
}

TEST(Payload, HasTheFieldsThatMayBeAllowedInTheirOrder) {
    auto run = finishedRun();
    run.error = RunError{"E", "m"};
    const auto body = RawJson::trusted(sent(run, RawJson::trusted("1")));
    std::vector<std::string> names;
    for (const auto& field : body.view().fields()) names.push_back(field.key);
    EXPECT_EQ(names, std::vector<std::string>(kWebhookFieldNames.begin(), kWebhookFieldNames.end()));
}

}  // namespace
}  // namespace heddle::webhook
