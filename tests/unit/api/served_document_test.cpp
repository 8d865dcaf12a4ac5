// SPDX-License-Identifier: Apache-2.0
#include "api/served_document.hpp"

#include "base/json.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace heddle::api {
namespace {

constexpr std::string_view kDocument = R"({
  "openapi": "3.1.0",
  "servers": [{"url": "/"}],
  "tags": [{"name": "Assistants"}, {"name": "Threads"}, {"name": "Thread runs"}, {"name": "Stateless runs"}, {"name": "Store"},
           {"name": "Webhooks"}, {"name": "System"}, {"name": "Aliases"}],
  "paths": {
    "/assistants": {"post": {"tags": ["Assistants"], "responses": {"200": {"$ref": "#/components/responses/A"}}}},
    "/threads": {"post": {"tags": ["Threads"]}},
    "/threads/{thread_id}/runs": {"post": {"tags": ["Thread runs"]}, "get": {"tags": ["Thread runs"]}},
    "/runs": {"post": {"tags": ["Stateless runs"]}},
    "/store/items": {"put": {"tags": ["Store"], "x": {"$ref": "#/components/schemas/Shared"}}},
    "/webhooks/test": {"post": {"tags": ["Webhooks"]}},
    "/ok": {"get": {"tags": ["System"]}},
    "/ready": {"get": {"tags": ["System"]}},
    "/info": {"get": {"tags": ["System"]}},
    "/thread/{thread_id}/runs": {"post": {"tags": ["Aliases"]}}
  },
  "components": {
    "responses": {"A": {"schema": {"$ref": "#/components/schemas/OfA"}}},
    "schemas": {"OfA": {"items": {"$ref": "#/components/schemas/OfA"}, "x": {"$ref": "#/components/schemas/Shared"}}, "Shared": {}}
  }
})";

struct Row {
    bool config::HttpSettings::*flag;
    std::vector<std::pair<std::string_view, std::string_view>> gone;
};

TEST(ServedDocument, StaysAsItIsByDefault) {
    const ServedDocument document(kDocument, {});
    EXPECT_EQ(document.text(), kDocument);
    EXPECT_TRUE(document.serves("GET", "/info"));
}

TEST(ServedDocument, LosesTheOperationsOfAGroup) {
    using config::HttpSettings;
    const std::vector<Row> rows = {
        {&HttpSettings::disable_assistants, {{"POST", "/assistants"}}},
        {&HttpSettings::disable_threads, {{"POST", "/threads"}}},
        {&HttpSettings::disable_runs,
         {{"POST", "/threads/{thread_id}/runs"},
          {"GET", "/threads/{thread_id}/runs"},
          {"POST", "/runs"},
          {"POST", "/thread/{thread_id}/runs"}}},
        {&HttpSettings::disable_store, {{"PUT", "/store/items"}}},
        {&HttpSettings::disable_meta, {{"GET", "/info"}}},
    };
    for (const auto& group : rows) {
        config::HttpSettings settings;
        settings.*group.flag = true;
        const ServedDocument document(kDocument, settings);
        const auto json = RawJson::parse(document.text()).value();
        for (const auto& other : rows) {
            for (const auto& [method, path] : other.gone) {
                const bool kept = &other != &group;
                EXPECT_EQ(document.serves(method, path), kept) << method << " " << path;
                EXPECT_EQ(json.view().get("paths")->get(path).has_value(), kept) << path;
            }
        }
        for (const std::string_view probe : {"/ok", "/ready"}) EXPECT_TRUE(document.serves("GET", probe));
        EXPECT_TRUE(document.serves("POST", "/webhooks/test"));
    }
}

TEST(ServedDocument, LosesWhatOnlyTheyNeeded) {
    config::HttpSettings settings;
    settings.disable_assistants = true;
    const auto json = RawJson::parse(ServedDocument(kDocument, settings).text()).value();
    const auto components = *json.view().get("components");
    EXPECT_EQ(components.get("responses")->fields().size(), 0U);
    ASSERT_EQ(components.get("schemas")->fields().size(), 1U);
    EXPECT_TRUE(components.get("schemas")->get("Shared"));
    EXPECT_EQ(json.view().get("tags")->elements().front().get("name")->string(), "Threads");
}

TEST(ServedDocument, NamesTheMountPrefix) {
    config::HttpSettings settings;
    settings.mount_prefix = "/api";
    const auto json = RawJson::parse(ServedDocument(kDocument, settings).text()).value();
    EXPECT_EQ(json.view().get("servers")->elements().front().get("url")->string(), "/api");
    EXPECT_EQ(json.view().get("paths")->fields().size(), 10U);
}

TEST(ServedDocument, MustBeJson) {
    config::HttpSettings settings;
    settings.mount_prefix = "/api";
    EXPECT_THROW(ServedDocument("{", settings), std::runtime_error);
}

}  // namespace
}  // namespace heddle::api
