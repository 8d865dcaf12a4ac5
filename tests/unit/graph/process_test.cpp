// SPDX-License-Identifier: Apache-2.0
// The only graph tests with real processes and a real socket file; none waits for time to pass.
#include "graph/worker/process.hpp"

#include "graph/worker/listener.hpp"
#include "support.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace heddle::graph {
namespace {

class Processes : public ::testing::Test {
  protected:
    Processes() { log::configure(log::Format::kText, log::Level::kError); }
    // Runs a shell command to its end; how it ended.
    std::string run(const std::string& command, std::vector<std::string> environment = {}) {
        ProcessSpec spec{"test-0", {"/bin/sh", "-c", command}, std::move(environment), folder.path()};
        auto process = launcher.launch(spec, [this](std::string_view how) { end = how; });
        if (!process) return process.error().detail;
        test::runUntil(io, [&] { return !end.empty(); });
        return end;
    }
    std::string written(const std::string& file) const {
        std::ifstream in(folder.path() + "/" + file);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    test::asio::io_context io{1};
    PrivateDirectory folder{"/tmp"};
    SystemLauncher launcher{io.get_executor()};
    std::string end;
};

TEST_F(Processes, TellHowTheyEnded) {
    EXPECT_EQ(run("exit 3"), "exit status 3");
    end.clear();
    EXPECT_EQ(run("kill -9 $$"), "signal 9");
}

TEST_F(Processes, HaveOnlyTheEnvironmentThatTheyWereGivenAndNoInput) {
    EXPECT_EQ(run("echo $GIVEN:$HOME > out; cat >> out; ls /proc/self/fd | wc -l >> out",
                  {"GIVEN=1", "PATH=/bin:/usr/bin"}),
              "exit status 0");
    // Standard streams and the directory that ls reads: no descriptor of ours.
    EXPECT_EQ(written("out"), "1:\n4\n");
}

TEST_F(Processes, CanBeKilled) {
    ProcessSpec spec{"test-0", {"sleep", "1000"}, {}, {}};
    auto process = launcher.launch(spec, [this](std::string_view how) { end = how; });
    ASSERT_TRUE(process.has_value());
    (*process)->kill();
    test::runUntil(io, [&] { return !end.empty(); });
    EXPECT_EQ(end, "signal 9");
}

TEST_F(Processes, AMissingProgramIsAProblem) {
    ProcessSpec spec{"test-0", {"/no/such/program"}, {}, {}};
    const auto process = launcher.launch(spec, [](std::string_view) {});
    EXPECT_EQ(process.error().detail, "cannot start '/no/such/program': No such file or directory");
}

TEST(PrivateDirectory, GoesWithItsObjectAndIsOnlyOurs) {
    std::string path;
    {
        const PrivateDirectory directory("/tmp");
        path = directory.path();
        struct stat info {};
        ASSERT_EQ(::stat(path.c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 07777U, 0700U);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(PrivateDirectory, RemovesWhatAKilledServerLeft) {
    const PrivateDirectory parent("/tmp");
    test::asio::io_context io;
    const auto abandoned = [&](const std::string& name) {
        const std::string folder = parent.path() + "/" + name;
        std::filesystem::create_directory(folder);
        using Protocol = test::asio::local::stream_protocol;
        return std::make_unique<Protocol::acceptor>(io, Protocol::endpoint(folder + "/workers.sock"));
    };
    const auto alive = abandoned("heddle-alive0");
    abandoned("heddle-gone00").reset();
    abandoned("heddle-fresh0").reset();
    const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
    std::filesystem::last_write_time(parent.path() + "/heddle-alive0", old);
    std::filesystem::last_write_time(parent.path() + "/heddle-gone00", old);
    const PrivateDirectory mine(parent.path());
    EXPECT_TRUE(std::filesystem::exists(parent.path() + "/heddle-alive0"));
    EXPECT_TRUE(std::filesystem::exists(parent.path() + "/heddle-fresh0"));
    EXPECT_FALSE(std::filesystem::exists(parent.path() + "/heddle-gone00"));
}

TEST(Tokens, AreUsedOnceAndReplacedByTheNext) {
    test::CountingRandom random;
    Tokens tokens(random);
    const std::string first = tokens.issue(1);
    const std::string other = tokens.issue(2);
    EXPECT_EQ(tokens.redeem(first), 1U);
    EXPECT_EQ(tokens.redeem(first), std::nullopt);
    const std::string second = tokens.issue(2);
    EXPECT_EQ(tokens.redeem(other), std::nullopt);
    EXPECT_EQ(tokens.redeem(second.substr(1)), std::nullopt);
    EXPECT_EQ(tokens.redeem(second), 2U);
}

}  // namespace
}  // namespace heddle::graph
