// SPDX-License-Identifier: Apache-2.0
#include "domain/assistant.hpp"

#include <gtest/gtest.h>

namespace heddle {
namespace {

struct Case {
    const char* config;  // nullptr: not given
    const char* context;
    const char* config_after;  // nullptr: refused
    const char* context_after;
};

std::optional<RawJson> given(const char* text) {
    return text == nullptr ? std::nullopt : std::optional<RawJson>(RawJson::trusted(text));
}

TEST(AssistantSettings, ContextAndConfigurableMirrorEachOther) {
    constexpr const char* kBefore = R"({"configurable":{"old":1},"tags":["old"]})";
    const Case cases[] = {
        {nullptr, nullptr, kBefore, R"({"old":1})"},
        {R"({"configurable":{"a":1e5}})", nullptr, R"({"configurable":{"a":1e5}})", R"({"a":1e5})"},
        {R"({"tags":["t"]})", nullptr, R"({"tags":["t"]})", "{}"},
        {"{}", nullptr, "{}", "{}"},
        {nullptr, R"({"b":2})", R"({"configurable":{"b":2}})", R"({"b":2})"},
        {nullptr, "{}", "{}", "{}"},
        {R"({"tags":["t"]})", R"({"b":2})", R"({"tags":["t"],"configurable":{"b":2}})", R"({"b":2})"},
        {R"({"configurable":{}})", R"({"b":2})", R"({"configurable":{"b":2}})", R"({"b":2})"},
        {R"({"configurable":{"a":1}})", "{}", R"({"configurable":{"a":1}})", R"({"a":1})"},
        {R"({"configurable":{"a":1}})", R"({"a":1})", nullptr, nullptr},
    };
    for (const Case& each : cases) {
        Assistant assistant;
        assistant.config = RawJson::trusted(kBefore);
        assistant.context = RawJson::trusted(R"({"old":1})");
        const auto set = setSettings(assistant, given(each.config), given(each.context));
        ASSERT_EQ(set.has_value(), each.config_after != nullptr);
        if (!set) {
            EXPECT_EQ(set.error().kind, ProblemKind::kBadRequest);
            continue;
        }
        EXPECT_EQ(assistant.config.text(), each.config_after);
        EXPECT_EQ(assistant.context.text(), each.context_after);
    }
}

}  // namespace
}  // namespace heddle
