// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

namespace heddle::config {
namespace {

using Texts = std::vector<std::string>;

TEST_F(ConfigLoad, ItemsStayByDefaultAndReadingProlongsTheLifeOfOthers) {
    const auto loaded = loadWith(R"("store":{"ttl":null})");
    EXPECT_TRUE(loaded.usable());
    EXPECT_FALSE(loaded.config.store_ttl.forNewItems());
    EXPECT_TRUE(loaded.config.store_ttl.refresh_on_read);
}

TEST_F(ConfigLoad, ATtlOfNewItems) {
    const auto loaded = loadWith(R"("store":{"ttl":{"default_ttl":0.5,"refresh_on_read":false}})");
    EXPECT_EQ(problems(loaded), Texts{});
    EXPECT_EQ(loaded.config.store_ttl.forNewItems(), std::chrono::seconds(30));
    EXPECT_FALSE(loaded.config.store_ttl.refresh_on_read);
    EXPECT_NE(describe(loaded.config).find(R"("refresh_on_read": false)"), std::string::npos);
}

TEST_F(ConfigLoad, EveryWrongStoreTtlIsNamed) {
    const auto loaded =
        loadWith(R"("store":{"ttl":{"default_ttl":-1,"refresh_on_read":1,"sweep_interval_minutes":5}})");
    EXPECT_EQ(problems(loaded), (Texts{"store.ttl.default_ttl: must be a number above 0, at most 52560000",
                                       "store.ttl.refresh_on_read: expected true or false, found a number"}));
    EXPECT_EQ(notices(loaded),
              Texts{"store.ttl.sweep_interval_minutes: expired items are removed every 10 minutes"});
}

TEST_F(ConfigLoad, WithoutAnIndexSearchesLookAtFiltersOnly) {
    EXPECT_FALSE(loadWith(R"("store":{"index":null})").config.store_index);
    EXPECT_NE(describe(loadWith(R"("store":{})").config).find(R"("index": null)"), std::string::npos);
}

TEST_F(ConfigLoad, AnIndexIsMadeByAFileAModuleOrAModel) {
    struct Case {
        std::string embed;
        std::string model;
        std::string path;
        std::string name;
    };
    write("embed.py", "");
    const std::vector<Case> cases = {
        {"./embed.py:embed", "", inFolder("embed.py"), "embed"},
        {"embed.py:models.small", "", inFolder("embed.py"), "models.small"},
        {"pkg.module:embed", "", "pkg.module", "embed"},
        {"openai:text-embedding-3-small", "openai:text-embedding-3-small", "", ""},
        {"ollama:nomic-embed-text:v1.5", "ollama:nomic-embed-text:v1.5", "", ""},
        {"huggingface:org/model", "huggingface:org/model", "", ""},
    };
    for (const auto& [embed, model, path, name] : cases) {
        SCOPED_TRACE(embed);
        const auto loaded = loadWith(R"("store":{"index":{"dims":3,"embed":")" + embed + R"("}})");
        EXPECT_EQ(problems(loaded), Texts{});
        ASSERT_TRUE(loaded.config.store_index);
        const auto& index = *loaded.config.store_index;
        EXPECT_EQ(index.dims, 3);
        EXPECT_EQ(index.model, model);
        EXPECT_EQ(index.path, path);
        EXPECT_EQ(index.name, name);
        EXPECT_EQ(index.fields, Texts{"$"});
    }
}

TEST_F(ConfigLoad, AnIndexIsShown) {
    write("embed.py", "");
    const auto loaded =
        loadWith(R"("store":{"index":{"dims":3,"embed":"./embed.py:embed","fields":["a","b[*]"]}})");
    EXPECT_EQ(loaded.config.store_index->fields, (Texts{"a", "b[*]"}));
    const auto shown = describe(loaded.config);
    EXPECT_NE(shown.find(R"("dims": 3)"), std::string::npos);
    EXPECT_NE(shown.find("\"embed\": \"" + inFolder("embed.py") + ":embed\""), std::string::npos);
    EXPECT_NE(shown.find(R"("b[*]")"), std::string::npos);
}

TEST_F(ConfigLoad, EveryWrongIndexIsNamed) {
    const std::string expected =
        "store.index.embed: expected \"FILE:NAME\", \"PACKAGE.MODULE:NAME\" or \"PROVIDER:MODEL\", as in "
        "\"./embed.py:embed\"";
    const std::vector<std::pair<std::string, Texts>> cases = {
        {"true", {"store.index: expected an object, found true or false"}},
        {"{}", {"store.index: has no dims", "store.index: has no embed"}},
        {R"({"dims":null,"embed":"openai:m"})", {"store.index: has no dims"}},
        {R"({"dims":0,"embed":"openai:m"})", {"store.index.dims: must be a whole number from 1 to 16384"}},
        {R"({"dims":16385,"embed":"openai:m"})",
         {"store.index.dims: must be a whole number from 1 to 16384"}},
        {R"({"dims":"3","embed":"openai:m"})", {"store.index.dims: expected a whole number, found a string"}},
        {R"({"dims":3,"embed":7})", {"store.index.embed: expected a string, found a number"}},
        {R"({"dims":3,"embed":""})", {"store.index.embed: must not be empty"}},
        {R"({"dims":3,"embed":"openai"})", {expected}},
        {R"({"dims":3,"embed":"openai:"})", {expected}},
        {R"({"dims":3,"embed":":m"})", {expected}},
        {R"({"dims":3,"embed":"./embed.py"})", {expected}},
        {R"({"dims":3,"embed":"./embed.py:not a name"})", {expected}},
        {R"({"dims":3,"embed":"./embed.js:f"})",
         {"store.index.embed: the file before \":\" must be a Python file"}},
        {R"({"dims":3,"embed":"./gone.py:f"})",
         {"store.index.embed: the file does not exist: " + inFolder("gone.py")}},
        {R"({"dims":3,"embed":"openai:m","fields":"a"})",
         {"store.index.fields: expected a list, found a string"}},
        {R"({"dims":3,"embed":"openai:m","fields":[]})",
         {"store.index.fields: is empty: name at least one path, or leave it out for the whole value"}},
        {R"({"dims":3,"embed":"openai:m","fields":["a",1]})",
         {"store.index.fields[1]: expected a string, found a number"}},
    };
    for (const auto& [index, texts] : cases) {
        SCOPED_TRACE(index);
        EXPECT_EQ(problems(loadWith(R"("store":{"index":)" + index + "}")), texts);
    }
    EXPECT_EQ(warnings(loadWith(R"("store":{"index":{"dim":3,"dims":3,"embed":"openai:m"}})")),
              Texts{"store.index.dim: unknown key; did you mean \"dims\"?"});
}

TEST_F(ConfigLoad, TheStoreMayComeFromTheEnvironment) {
    sources_.environment["LANGGRAPH_STORE"] = R"({"index":{"dims":5,"embed":"openai:m"}})";
    const auto loaded = loadWith(R"("store":{"index":{"dims":6,"embed":"openai:m"}})");
    EXPECT_EQ(loaded.config.store_index->dims, 5);
    EXPECT_EQ(notices(loaded), Texts{"store: replaced by the environment variable LANGGRAPH_STORE"});
    sources_.environment["LANGGRAPH_STORE"] = R"({"index":{"dims":5}})";
    EXPECT_EQ(problems(loadWith(R"("store":{})")), Texts{"LANGGRAPH_STORE.index: has no embed"});
}

}  // namespace
}  // namespace heddle::config
