// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

namespace heddle::config {
namespace {

using Texts = std::vector<std::string>;

TEST_F(ConfigLoad, ThreadsStayByDefault) {
    const auto loaded = loadWith(R"("checkpointer":{"ttl":null})");
    EXPECT_TRUE(loaded.usable());
    EXPECT_FALSE(loaded.config.thread_ttl.forNewThreads());
    EXPECT_EQ(loaded.config.thread_ttl.sweep_interval_min, 5);
    EXPECT_EQ(loaded.config.thread_ttl.sweep_limit, 1000);
}

TEST_F(ConfigLoad, ATtlOfNewThreads) {
    const auto loaded = loadWith(
        R"("checkpointer":{"ttl":{"strategy":"keep_latest","sweep_interval_minutes":60,"default_ttl":0.5,"sweep_limit":7}})");
    EXPECT_EQ(problems(loaded), Texts{});
    EXPECT_EQ(notices(loaded), Texts{});
    EXPECT_EQ(loaded.config.thread_ttl.forNewThreads(),
              (ThreadTtl{std::chrono::seconds(30), TtlStrategy::kKeepLatest}));
    EXPECT_EQ(loaded.config.thread_ttl.sweep_interval_min, 60);
    EXPECT_EQ(loaded.config.thread_ttl.sweep_limit, 7);
    EXPECT_NE(describe(loaded.config).find(R"("strategy": "keep_latest")"), std::string::npos);
}

TEST_F(ConfigLoad, EveryWrongTtlIsNamed) {
    const auto loaded = loadWith(
        R"("checkpointer":{"ttl":{"strategy":"forget","default_ttl":0,"sweep_interval_minutes":"5","sweep_limit":1.5,"sweep":1}})");
    EXPECT_EQ(problems(loaded),
              (Texts{"checkpointer.ttl.strategy: must be delete or keep_latest",
                     "checkpointer.ttl.default_ttl: must be a number above 0, at most 52560000",
                     "checkpointer.ttl.sweep_interval_minutes: expected a number, found a string",
                     "checkpointer.ttl.sweep_limit: must be a whole number from 1 to 1000000"}));
    ASSERT_EQ(warnings(loaded).size(), 1U);
    EXPECT_EQ(warnings(loaded).front().find("checkpointer.ttl.sweep: "), 0U);
    EXPECT_EQ(problems(loadWith(R"("checkpointer":{"ttl":5})")),
              Texts{"checkpointer.ttl: expected an object, found a number"});
}

TEST_F(ConfigLoad, ACheckpointerOfTheirOwnIsNotLoaded) {
    const auto loaded =
        loadWith(R"("checkpointer":{"path":"./saver.py:make","serde":{"pickle_fallback":false}})");
    EXPECT_EQ(warnings(loaded), Texts{"checkpointer.path: not supported: Heddle keeps checkpoints itself"});
    EXPECT_EQ(notices(loaded), Texts{"checkpointer.serde: not supported yet"});
}

TEST_F(ConfigLoad, TheCheckpointerMayComeFromTheEnvironment) {
    sources_.environment["LANGGRAPH_CHECKPOINTER"] = R"({"ttl":{"default_ttl":1}})";
    const auto loaded = loadWith(R"("checkpointer":{"ttl":{"default_ttl":2}})");
    EXPECT_EQ(loaded.config.thread_ttl.default_ttl_min, 1);
    EXPECT_EQ(notices(loaded),
              Texts{"checkpointer: replaced by the environment variable LANGGRAPH_CHECKPOINTER"});
}

}  // namespace
}  // namespace heddle::config
