// SPDX-License-Identifier: Apache-2.0
#include "api/mount.hpp"

#include <gtest/gtest.h>

namespace heddle::api {
namespace {

TEST(Mount, TakesThePrefixOffWholeSegments) {
    const Mount mount("/my/api");
    struct Row {
        const char* path;
        std::optional<std::string_view> inside;
    };
    const std::vector<Row> rows = {
        {"/my/api", "/"},      {"/my/api/", "/"},
        {"/my/api/ok", "/ok"}, {"/my/api/threads/x", "/threads/x"},
        {"/my/apis", {}},      {"/my", {}},
        {"/threads", {}},      {"/", {}},
        {"/ok", "/ok"},        {"/ready", "/ready"},
        {"/okay", {}},         {"*", {}},
        {"/my/api//x", "//x"}, {"/my/api/my/api/x", "/my/api/x"},
    };
    for (const auto& [path, inside] : rows) EXPECT_EQ(mount.inside(path), inside) << path;
}

TEST(Mount, LeavesPathsAloneWithoutAPrefix) {
    const Mount mount("");
    for (const std::string_view path : {"/", "/ok", "/threads", "*", ""}) EXPECT_EQ(mount.inside(path), path);
    http::Response response;
    response.headers.set("location", "/threads/x");
    mount.relocate(response);
    EXPECT_EQ(response.headers.get("location"), "/threads/x");
}

TEST(Mount, PutsThePrefixBeforeLocations) {
    http::Response response;
    response.headers.set("Location", "/runs/x/stream");
    response.headers.set("Content-Location", "/runs/x");
    response.headers.set("X-Other", "/runs/x");
    Mount("/api").relocate(response);
    EXPECT_EQ(response.headers.get("location"), "/api/runs/x/stream");
    EXPECT_EQ(response.headers.get("content-location"), "/api/runs/x");
    EXPECT_EQ(response.headers.get("x-other"), "/runs/x");
}

}  // namespace
}  // namespace heddle::api
