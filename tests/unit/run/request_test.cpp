// SPDX-License-Identifier: Apache-2.0
// The merge rules of behaviours.md §4, as transcript 09 shows them.
#include "run/request.hpp"

#include <gtest/gtest.h>

namespace heddle::run {
namespace {

RunRequest parse(const std::string& body) {
    auto json = RawJson::parse(body);
    EXPECT_TRUE(json);
    auto request = parseRunRequest(json->view(), ThreadId());
    EXPECT_TRUE(request);
    return std::move(*request);
}

Assistant assistant() {
    Assistant out;
    out.graph_id = "custom";
    out.config = RawJson::trusted(
        R"({"configurable":{"user_name":"A","lang":"AL"},"tags":["at"],"recursion_limit":11})");
    out.context = RawJson::trusted(R"({"user_name":"A","lang":"AL"})");
    out.metadata = RawJson::trusted(R"({"am":1,"m":"A"})");
    return out;
}

heddle::Run compose(const std::string& body, const Assistant& on = assistant(), const Thread& thread = {}) {
    auto run = composeRun(parse(body), on, thread, RunId(), Timestamp::fromMicros(1'000'000));
    EXPECT_TRUE(run);
    return std::move(*run);
}

TEST(RunRequest, MergesMetadataFromAssistantThreadIdsAndRun) {
    Thread thread;
    thread.metadata = RawJson::trusted(R"({"tm":1,"m":"T"})");
    const heddle::Run run =
        compose(R"({"assistant_id":"x","metadata":{"rm":1,"m":"R"}})", assistant(), thread);
    EXPECT_EQ(
        run.metadata.text(),
        R"({"am":1,"m":"R","tm":1,"graph_id":"custom","assistant_id":"00000000-0000-0000-0000-000000000000","rm":1})");
}

TEST(RunRequest, ConfigurableOfTheRunWinsKeyByKeyAndTagsAreReplaced) {
    const heddle::Run run =
        compose(R"({"assistant_id":"x","config":{"configurable":{"user_name":"R"},"tags":["rt"]}})");
    const JsonView config = run.kwargs.config.view();
    EXPECT_EQ(config.get("configurable")->get("user_name")->text(), R"("R")");
    EXPECT_EQ(config.get("configurable")->get("lang")->text(), R"("AL")");
    EXPECT_EQ(config.get("tags")->text(), R"(["rt"])");
    EXPECT_EQ(config.get("recursion_limit")->text(), "11");
    EXPECT_EQ(run.kwargs.context.text(), R"({"user_name":"R","lang":"AL"})");
}

// Graphs take these as said by the server.
TEST(RunRequest, NobodySaysWhoTheUserIs) {
    Assistant on = assistant();
    on.config = RawJson::trusted(R"({"configurable":{"langgraph_auth_user_id":"root","a":1}})");
    const auto asked = R"({"assistant_id":"x","config":{"configurable":
        {"langgraph_auth_user":{"identity":"root"},"__pregel_x":1,"_mine":2}}})";
    const auto configurable = compose(asked, on).kwargs.config.view().get("configurable")->fields();
    for (const auto& field : configurable) EXPECT_FALSE(isServersOwn(field.key)) << field.key;
    EXPECT_EQ(configurable.size(), 6U);  // a, _mine and four ids
    const auto context = compose(R"({"assistant_id":"x","context":{"langgraph_auth_user":1}})");
    EXPECT_FALSE(context.kwargs.config.view().get("configurable")->get("langgraph_auth_user"));
}

TEST(RunRequest, ContextIsMirroredIntoConfigurable) {
    const heddle::Run run = compose(R"({"assistant_id":"x","context":{"user_name":"u"}})");
    EXPECT_EQ(run.kwargs.config.view().get("configurable")->get("user_name")->text(), R"("u")");
    EXPECT_EQ(run.kwargs.context.text(), R"({"user_name":"u","lang":"AL"})");
}

TEST(RunRequest, ContextAndConfigurableTogetherAreRefused) {
    const auto request = parse(R"({"assistant_id":"x","context":{"a":1},"config":{"configurable":{"b":1}}})");
    const auto run = composeRun(request, assistant(), Thread(), RunId(), Timestamp());
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().kind, ProblemKind::kBadRequest);
}

TEST(RunRequest, IdsInTheBodysConfigurableAreOverwritten) {
    const heddle::Run run =
        compose(R"({"assistant_id":"x","config":{"configurable":{"thread_id":"evil","run_id":"evil"}}})");
    const auto configurable = *run.kwargs.config.view().get("configurable");
    EXPECT_EQ(configurable.get("thread_id")->string(), ThreadId().str());
    EXPECT_EQ(configurable.get("run_id")->string(), RunId().str());
}

TEST(RunRequest, HeadersWinOverTheBodysConfigurableButNotOverIds) {
    for (const std::string given :
         {R"("config":{"configurable":{"x-a":"body","b":1}})", R"("context":{"x-a":"body","b":1})"}) {
        auto request = parse(R"({"assistant_id":"x",)" + given + "}");
        request.headers = RawJson::trusted(R"({"x-a":"header","thread_id":"other","checkpoint_id":"c"})");
        request.checkpoint = RawJson::trusted(R"({"checkpoint_id":"mine"})");
        const auto run = composeRun(request, assistant(), {}, RunId(), Timestamp::fromMicros(1'000'000));
        ASSERT_TRUE(run);
        const auto configurable = *run->kwargs.config.view().get("configurable");
        EXPECT_EQ(configurable.get("x-a")->text(), R"("header")");
        EXPECT_EQ(configurable.get("b")->text(), "1");
        EXPECT_EQ(configurable.get("checkpoint_id")->text(), R"("mine")");
        EXPECT_EQ(configurable.get("thread_id")->text(), R"("00000000-0000-0000-0000-000000000000")");
        // A graph's context may be a class that knows its fields only.
        EXPECT_EQ(run->kwargs.context.view().get("x-a")->text(), R"("body")");
        EXPECT_FALSE(run->kwargs.context.view().get("thread_id"));
    }
}

TEST(RunRequest, UserJsonIsKeptByteForByte) {
    const heddle::Run run =
        compose(R"({"assistant_id":"x","input":{"n": 18446744073709551616,"e":1e5, "s":"\u00e4"}})");
    EXPECT_EQ(run.kwargs.input.text(), R"({"n": 18446744073709551616,"e":1e5, "s":"\u00e4"})");
}

TEST(RunRequest, StreamModeIsAStringOrAListAndDefaultsToValues) {
    EXPECT_EQ(parse(R"({})").stream_mode, std::vector<std::string>{"values"});
    EXPECT_EQ(parse(R"({"stream_mode":[]})").stream_mode, std::vector<std::string>{"values"});
    EXPECT_EQ(parse(R"({"stream_mode":"updates"})").stream_mode, std::vector<std::string>{"updates"});
    EXPECT_EQ(parse(R"({"stream_mode":["updates","values","updates"]})").stream_mode,
              (std::vector<std::string>{"updates", "values"}));
}

TEST(RunRequest, AfterSecondsDelaysTheRunAndShowsInItsCreationTime) {
    const heddle::Run run = compose(R"({"assistant_id":"x","after_seconds":1.5})");
    EXPECT_EQ(run.not_before, Timestamp::fromMicros(2'500'000));
    EXPECT_EQ(run.created_at, Timestamp::fromMicros(2'500'000));
    EXPECT_FALSE(compose(R"({"assistant_id":"x","after_seconds":-3})").not_before);
}

TEST(RunRequest, ACommandThatSaysNothingIsRefusedByName) {
    auto json = RawJson::parse(R"({"command":{"bad":1}})");
    const auto request = parseRunRequest(json->view(), ThreadId());
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().kind, ProblemKind::kInvalid);
    EXPECT_NE(request.error().detail.find("command"), std::string::npos);
}

TEST(RunRequest, ACheckpointIdGoesIntoConfigurableButNeverAnotherThread) {
    const heddle::Run run =
        compose(R"({"assistant_id":"x","checkpoint":{"checkpoint_id":"c1","thread_id":"other"}})");
    const auto configurable = *run.kwargs.config.view().get("configurable");
    EXPECT_EQ(configurable.get("checkpoint_id")->text(), R"("c1")");
    EXPECT_EQ(configurable.get("thread_id")->string(), ThreadId().str());
}

TEST(RunRequest, AThreadAdoptsTheGraphOfItsLastRunAndTheAssistantOfItsFirst) {
    Thread thread;
    adopt(thread, parse(R"({"assistant_id":"x"})"), assistant());
    EXPECT_EQ(thread.metadata.text(),
              R"({"graph_id":"custom","assistant_id":"00000000-0000-0000-0000-000000000000"})");
    EXPECT_EQ(thread.config.text(),
              R"({"configurable":{"user_name":"A","lang":"AL"},"tags":["at"],"recursion_limit":11})");
    Assistant other = assistant();
    other.graph_id = "echo";
    Uuid::Bytes bytes{};
    bytes[0] = 1;
    other.id = AssistantId(Uuid(bytes));
    adopt(thread, parse(R"({"assistant_id":"x"})"), other);
    EXPECT_EQ(thread.metadata.text(),
              R"({"graph_id":"echo","assistant_id":"00000000-0000-0000-0000-000000000000"})");
}

}  // namespace
}  // namespace heddle::run
