// SPDX-License-Identifier: Apache-2.0
#include "domain/run.hpp"

#include "domain/assistant.hpp"
#include "domain/delivery.hpp"
#include "domain/thread.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace heddle {
namespace {

TEST(RunStatus, HasTheNamesOfTheApiBothWays) {
    for (const std::string_view name :
         {"pending", "running", "error", "success", "timeout", "interrupted", "rollback"}) {
        const auto status = parseRunStatus(name);
        ASSERT_TRUE(status) << name;
        EXPECT_EQ(toString(*status), name);
        EXPECT_EQ(isTerminal(*status), name != "pending" && name != "running") << name;
    }
    EXPECT_FALSE(parseRunStatus("Pending"));
    EXPECT_FALSE(parseRunStatus(""));
}

TEST(Enums, HaveTheNamesOfTheApiBothWays) {
    for (const std::string_view name : {"idle", "busy", "interrupted", "error"}) {
        EXPECT_EQ(toString(parseThreadStatus(name).value()), name);
    }
    for (const std::string_view name : {"reject", "rollback", "interrupt", "enqueue"}) {
        EXPECT_EQ(toString(parseMultitaskStrategy(name).value()), name);
    }
    for (const std::string_view name : {"pending", "succeeded", "exhausted", "gone", "cancelled"}) {
        EXPECT_EQ(toString(parseDeliveryStatus(name).value()), name);
    }
    EXPECT_FALSE(parseThreadStatus("pending"));
    EXPECT_FALSE(parseMultitaskStrategy("xx"));
    EXPECT_FALSE(parseDeliveryStatus("success"));
}

TEST(RunError, IsTypeAndMessage) {
    const RunError error{"TimeoutError", "Run exceeded \"maximum\" execution time"};
    EXPECT_EQ(error.json().text(),
              R"({"error":"TimeoutError","message":"Run exceeded \"maximum\" execution time"})");
}

TEST(RunKwargs, AreWrittenInTheOrderOfTheApi) {
    EXPECT_EQ(
        RunKwargs().json().text(),
        R"({"input":null,"command":null,"config":{},"context":{},"stream_mode":["values"],)"
        R"("interrupt_before":null,"interrupt_after":null,"webhook":null,"feedback_keys":null,)"
        R"("temporary":false,"subgraphs":false,"resumable":false,"checkpoint_during":true,"durability":"async"})");
}

TEST(RunKwargs, AreReadBackByteForByte) {
    const std::string text =
        R"({"input":{"n":18446744073709551616,"e":1e5},"command":{"resume":"x"},"config":{"configurable":{}},)"
        R"("context":{"a":1},"stream_mode":["messages","custom"],"interrupt_before":"*","interrupt_after":["n"],)"
        R"("webhook":"https://hooks.example.com/?token=a\"b","feedback_keys":["k"],"temporary":true,)"
        R"("subgraphs":true,"resumable":true,"checkpoint_during":false,"durability":"exit"})";
    const auto kwargs = RunKwargs::parse(JsonView::trusted(text));
    EXPECT_EQ(kwargs.json().text(), text);
    EXPECT_EQ(kwargs.webhook, "https://hooks.example.com/?token=a\"b");
    EXPECT_EQ(kwargs.stream_mode, (std::vector<std::string>{"messages", "custom"}));
}

TEST(RunKwargs, ThrowForADamagedRow) {
    for (const std::string_view text :
         {"null", "[]", R"({"temporary":"yes"})", R"({"stream_mode":"values"})", R"({"stream_mode":[1]})",
          R"({"webhook":5})", R"({"durability":null})"}) {
        EXPECT_THROW(RunKwargs::parse(JsonView::trusted(text)), std::runtime_error) << text;
    }
}

TEST(SystemAssistantId, IsTheOneOfLangGraphsServers) {
    EXPECT_EQ(systemAssistantId("echo").str(), "046b5dc7-2108-582c-9c6c-31d556d138f0");
}

}  // namespace
}  // namespace heddle
