// SPDX-License-Identifier: Apache-2.0
#include "app/file_tree.hpp"

#include "graph/worker/listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace heddle::app {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class Files : public ::testing::Test {
  protected:
    std::string path(const std::string& name) const { return folder.path() + "/" + name; }
    void write(const std::string& name, const std::string& text) const {
        fs::create_directories(fs::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary) << text;
    }
    // With another time than now, however coarse the clock of the file system is.
    void age(const std::string& name, std::chrono::seconds by) const {
        fs::last_write_time(path(name), fs::last_write_time(path(name)) - by);
    }

    graph::PrivateDirectory folder{"/tmp"};
    FileTree tree{WatchRules({{folder.path()}, {}, path("data")})};
};

TEST_F(Files, AFileIsChangedWhenItHoldsSomethingElse) {
    write("a.py", "one");
    EXPECT_TRUE(tree.refresh(path("a.py")));
    EXPECT_FALSE(tree.refresh(path("a.py")));
    write("a.py", "two");
    EXPECT_TRUE(tree.refresh(path("a.py")));
    write("a.py", "");
    EXPECT_TRUE(tree.refresh(path("a.py")));
    fs::remove(path("a.py"));
    EXPECT_TRUE(tree.refresh(path("a.py")));
    EXPECT_FALSE(tree.refresh(path("a.py")));
}

TEST_F(Files, TheSameTextAgainIsNoChange) {
    write("a.py", "one");
    tree.refresh(path("a.py"));
    age("a.py", std::chrono::seconds(10));
    EXPECT_TRUE(tree.looksChanged(path("a.py")));
    EXPECT_FALSE(tree.refresh(path("a.py")));
    EXPECT_FALSE(tree.looksChanged(path("a.py")));
}

TEST_F(Files, LargeFilesAreToldByTheirTime) {
    write("a.json", std::string(2 * 1024 * 1024, 'x'));
    tree.refresh(path("a.json"));
    EXPECT_FALSE(tree.refresh(path("a.json")));
    age("a.json", std::chrono::seconds(10));
    EXPECT_TRUE(tree.refresh(path("a.json")));
}

TEST_F(Files, AWalkSeesTheProjectAndNothingElse) {
    for (const auto* name : {"a.py", "src/b.py", "src/deep/c.md", "data/d.py", ".git/e.py", "env/pyvenv.cfg",
                             "env/lib/f.py", "__pycache__/g.py", "picture.png"}) {
        write(name, "x");
    }
    fs::create_directory_symlink(folder.path(), path("loop"));
    fs::create_symlink(path("a.py"), path("link.py"));
    std::vector<std::string> folders;
    std::vector<std::string> files;
    const auto enter = [&](const std::string& each) {
        folders.push_back(each);
        return true;
    };
    tree.walk(folder.path(), enter, [&](const std::string& file) { files.push_back(file); });
    EXPECT_THAT(files,
                UnorderedElementsAre(path("a.py"), path("link.py"), path("src/b.py"), path("src/deep/c.md")));
    EXPECT_THAT(folders, ElementsAre(folder.path(), path("src"), path("src/deep")));
}

TEST_F(Files, KnowsWhatIsBelowAFolder) {
    for (const auto* name : {"src/a.py", "src/deep/b.py", "srcs/c.py"}) {
        write(name, "x");
        tree.refresh(path(name));
    }
    EXPECT_THAT(tree.below(path("src")), ElementsAre(path("src/a.py"), path("src/deep/b.py")));
    tree.forget(path("src"));
    EXPECT_EQ(tree.size(), 1U);
}

}  // namespace
}  // namespace heddle::app
