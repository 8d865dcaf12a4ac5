// SPDX-License-Identifier: Apache-2.0
#include "app/watch_rules.hpp"

#include <gtest/gtest.h>

namespace heddle::app {
namespace {

WatchRules rules() {
    WatchedPlaces places;
    places.folders = {"/srv/.project", "/srv/lib"};
    places.files = {"/srv/.project/graphs.jsonc", "/srv/.project/.env"};
    places.data_dir = "/srv/.project/data";
    return WatchRules(places);
}

TEST(WatchRules, EntersTheProjectsFoldersOnly) {
    EXPECT_TRUE(rules().enters("/srv/.project"));  // named, though it is hidden
    EXPECT_TRUE(rules().enters("/srv/.project/src/agent"));
    EXPECT_FALSE(rules().enters("/srv/.project/.git"));
    EXPECT_FALSE(rules().enters("/srv/.project/.venv"));
    EXPECT_FALSE(rules().enters("/srv/.project/src/__pycache__"));
    EXPECT_FALSE(rules().enters("/srv/lib/node_modules"));
    EXPECT_FALSE(rules().enters("/srv/.project/data"));
    EXPECT_TRUE(rules().enters("/srv/lib/data"));
}

TEST(WatchRules, CodeAndTheTextsThatItReadsMatter) {
    for (const auto* file : {"graphs.py", "langgraph.json", "pyproject.toml", "requirements.txt",
                             "prompts/system.md", "prompts/user.j2", "tools.yaml"}) {
        EXPECT_TRUE(rules().matters(std::string("/srv/.project/") + file)) << file;
    }
}

TEST(WatchRules, WhatEditorsAndGraphsLeaveDoesNot) {
    for (const auto* file :
         {"graphs.py~", ".graphs.py.swp", ".#graphs.py", "#graphs.py#", "4913", "graphs.pyc", "x.tmp",
          "run.log", "chart.png", "notes.db", ".env.local", "graphs.py.swp", ""}) {
        EXPECT_FALSE(rules().matters(std::string("/srv/.project/") + file)) << file;
    }
}

TEST(WatchRules, NamedFilesMatterWhateverTheyAreCalled) {
    EXPECT_TRUE(rules().matters("/srv/.project/.env"));
    EXPECT_TRUE(rules().matters("/srv/.project/graphs.jsonc"));
    EXPECT_FALSE(rules().matters("/srv/lib/.env"));
}

TEST(WatchRules, KnowVirtualEnvironments) {
    EXPECT_TRUE(WatchRules::marksPackages("/srv/.project/env/pyvenv.cfg"));
    EXPECT_FALSE(WatchRules::marksPackages("/srv/.project/setup.cfg"));
}

}  // namespace
}  // namespace heddle::app
