// SPDX-License-Identifier: Apache-2.0
#include "base/limits.hpp"
#include "support.hpp"

#include <gmock/gmock.h>

namespace heddle::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kOne = "one-key-of-24-random-bytes";
constexpr const char* kTwo = "two-key-of-24-random-bytes";

class ApiKeysTest : public ConfigLoad {
  protected:
    Loaded loadKeys(const std::string& keys) {
        sources_.environment["HEDDLE_API_KEYS"] = keys;
        return loadText(R"({"graphs":{"echo":"heddle:echo"}})");
    }
    static std::vector<std::string> keysOf(const Loaded& loaded) {
        std::vector<std::string> out;
        for (const auto& key : loaded.config.api_keys) out.push_back(key.reveal());
        return out;
    }
};

TEST_F(ApiKeysTest, AreSeparatedByCommasAndWhiteSpace) {
    const auto loaded = loadKeys(std::string(" ") + kOne + " ,,\n" + kTwo + ",");
    EXPECT_THAT(problems(loaded), IsEmpty());
    EXPECT_THAT(warnings(loaded), IsEmpty());
    EXPECT_THAT(keysOf(loaded), ElementsAre(kOne, kTwo));
    EXPECT_THAT(describe(loaded.config), Not(HasSubstr("24-random")));
}

TEST_F(ApiKeysTest, ComeFromAFileToo) {
    write("keys", std::string(kOne) + "\n" + kTwo + "\n");
    sources_.environment["HEDDLE_API_KEYS_FILE"] = "keys";
    EXPECT_THAT(keysOf(loadWith(R"("env":{})")), ElementsAre(kOne, kTwo));
    sources_.flags["api-keys-file"] = "missing";
    EXPECT_THAT(problems(loadWith(R"("env":{})")),
                ElementsAre("--api-keys-file: the file cannot be read: " + inFolder("missing")));
}

TEST_F(ApiKeysTest, AnEmptyListIsNoOpenServer) {
    EXPECT_THAT(problems(loadKeys(" , ")), ElementsAre("HEDDLE_API_KEYS: holds no key"));
    write("keys", "\n");
    sources_.environment = {{"HEDDLE_API_KEYS_FILE", "keys"}};
    EXPECT_THAT(problems(loadWith(R"("env":{})")), ElementsAre("HEDDLE_API_KEYS_FILE: holds no key"));
}

TEST_F(ApiKeysTest, MustFitIntoAHeader) {
    const auto loaded = loadKeys(std::string(kOne) + ",schlüssel-mit-24-bytes-und-mehr");
    EXPECT_THAT(problems(loaded),
                ElementsAre("HEDDLE_API_KEYS: key 2 has characters other than visible ASCII"));
    EXPECT_THAT(problems(loadKeys(std::string(limits::kApiKeyChars, 'k'))), IsEmpty());
    EXPECT_THAT(problems(loadKeys(std::string(limits::kApiKeyChars + 1, 'k'))),
                ElementsAre("HEDDLE_API_KEYS: key 1 is longer than 1024 characters"));
}

TEST_F(ApiKeysTest, AreBounded) {
    std::string many;
    for (std::size_t i = 0; i < limits::kApiKeys; ++i)
        many += "a-key-of-many-" + std::to_string(10'000 + i) + ",";
    EXPECT_THAT(problems(loadKeys(many)), IsEmpty());
    EXPECT_THAT(problems(loadKeys(many + kOne)), ElementsAre("HEDDLE_API_KEYS: at most 1000 keys"));
}

TEST_F(ApiKeysTest, ShortOnesAreWarnedOf) {
    EXPECT_THAT(warnings(loadKeys("test")), ElementsAre(HasSubstr("HEDDLE_API_KEYS: key 1 is short")));
}

TEST_F(ApiKeysTest, AnOpenServerIsWarnedOf) {
    sources_.flags["host"] = "0.0.0.0";
    EXPECT_THAT(warnings(loadWith(R"("env":{})")),
                ElementsAre(HasSubstr("HEDDLE_API_KEYS: NO API KEY: whoever can "
                                      "reach 0.0.0.0")));
    EXPECT_THAT(warnings(loadKeys(kOne)), IsEmpty());
    sources_ = {.working_dir = sources_.working_dir};
    sources_.flags["host"] = "::1";
    EXPECT_THAT(warnings(loadWith(R"("env":{})")), IsEmpty());
}

// `env` reaches the graphs only: who writes keys there believes the server to be closed.
TEST_F(ApiKeysTest, InTheEnvOfTheGraphsAreAProblem) {
    const std::string keys = R"("env":{"HEDDLE_API_KEYS":"one-key-of-24-random-bytes"})";
    EXPECT_THAT(problems(loadWith(keys)), ElementsAre(HasSubstr("env.HEDDLE_API_KEYS: ")));
    sources_.environment["HEDDLE_API_KEYS"] = kTwo;  // of a .env file that compose reads as well
    const auto loaded = loadWith(keys);
    EXPECT_THAT(problems(loaded), IsEmpty());
    EXPECT_THAT(loaded.config.env, IsEmpty());
}

TEST_F(ApiKeysTest, VariablesOfLangGraphsImages) {
    sources_.environment = {{"N_JOBS_PER_WORKER", "7"},
                            {"BG_JOB_TIMEOUT_SECS", "60"},
                            {"REDIS_URI", "redis://x"},
                            {"LANGGRAPH_AUTH", "{}"},
                            {"LOG_LEVEL", "CRITICAL"}};
    const auto loaded = loadWith(R"("env":{})");
    EXPECT_THAT(problems(loaded), IsEmpty());
    EXPECT_EQ(loaded.config.runs_per_worker, 7U);
    EXPECT_EQ(loaded.config.run_timeout_s, 60);
    EXPECT_EQ(loaded.config.log_level, log::Level::kError);
    EXPECT_THAT(notices(loaded), ElementsAre(HasSubstr("REDIS_URI: not used")));
    EXPECT_THAT(warnings(loaded), ElementsAre(HasSubstr("LANGGRAPH_AUTH: not supported yet")));

    sources_.environment = {{"HEDDLE_RUNS_PER_WORKER", "5"},
                            {"N_JOBS_PER_WORKER", "7"},
                            {"POSTGRES_URI", "postgres://user:hunter2@db/x"}};
    const auto other = loadWith(R"("env":{})");
    EXPECT_EQ(other.config.runs_per_worker, 5U);
    EXPECT_THAT(problems(other),
                ElementsAre("POSTGRES_URI: PostgreSQL comes with a later version; use sqlite:FILE"));
}

}  // namespace
}  // namespace heddle::config
