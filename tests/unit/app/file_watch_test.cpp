// SPDX-License-Identifier: Apache-2.0
#include "app/file_watch.hpp"

#include "base/time.hpp"
#include "graph/worker/listener.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>

namespace heddle::app {
namespace {

namespace fs = std::filesystem;
using testing::Contains;

// A folder that is watched, and the one it is in, which is not.
class Watch : public ::testing::Test {
  protected:
    std::string path(const std::string& name) const { return parent.path() + "/lib/" + name; }
    void write(const std::string& name, const std::string& text) const {
        fs::create_directories(fs::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary) << text;
    }
    void begin() {
        const WatchRules rules({{parent.path() + "/lib"}, {}, parent.path() + "/data"});
        watch = std::make_unique<FileWatch>(io.get_executor(), clock, rules, FileWatch::By::kKernel,
                                            [this](const std::set<std::string>& paths) { told = paths; });
    }
    // What is told next.
    std::set<std::string> next() {
        told.clear();
        for (int tenths = 0; told.empty() && tenths < 200; ++tenths) {
            io.restart();
            io.run_one_for(std::chrono::milliseconds(100));
        }
        return told;
    }
    // Until the watch has seen the folder as it is now: it tells of a file that is written again and again.
    void settle() {
        bool seen = false;
        for (int turn = 0; !seen && turn < 40; ++turn) {
            write("probe.py", std::to_string(turn));
            told.clear();
            io.restart();
            io.run_one_for(std::chrono::milliseconds(500));
            seen = told.contains(path("probe.py"));
        }
        ASSERT_TRUE(seen) << "the folder is not watched";
    }

    graph::PrivateDirectory parent{"/tmp"};
    SystemClock clock;
    boost::asio::io_context io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open{io.get_executor()};
    std::set<std::string> told;
    std::unique_ptr<FileWatch> watch;
};

TEST_F(Watch, AFolderThatIsDeletedAndMadeAgainIsWatchedAgain) {
    write("a.py", "one");
    begin();
    settle();
    fs::remove_all(parent.path() + "/lib");
    EXPECT_THAT(next(), Contains(path("a.py")));
    write("a.py", "two");
    EXPECT_THAT(next(), Contains(path("a.py")));
    write("a.py", "three");
    EXPECT_THAT(next(), Contains(path("a.py")));
}

TEST_F(Watch, AFolderThatAnotherTakesThePlaceOfIsWatchedAgain) {
    write("a.py", "one");
    begin();
    settle();
    fs::rename(parent.path() + "/lib", parent.path() + "/aside");
    write("a.py", "two");
    EXPECT_THAT(next(), Contains(path("a.py")));
    settle();
    std::ofstream(parent.path() + "/aside/a.py") << "elsewhere";
    write("b.py", "new");
    EXPECT_THAT(next(), Contains(path("b.py")));
}

TEST_F(Watch, AFileThatIsSavedDuringTheFirstLookIsToldToo) {
    write("a.py", "one");
    write("b.py", "one");
    fs::last_write_time(path("a.py"), fs::last_write_time(path("a.py")) - std::chrono::hours(1));
    fs::last_write_time(path("b.py"), fs::last_write_time(path("b.py")) + std::chrono::hours(1));
    begin();
    EXPECT_THAT(next(), testing::ElementsAre(path("b.py")));
}

}  // namespace
}  // namespace heddle::app
