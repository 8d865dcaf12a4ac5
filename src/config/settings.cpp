// SPDX-License-Identifier: Apache-2.0
// Flags and environment variables: a flag wins over its variable.
#include "base/text.hpp"
#include "config/host_rules.hpp"
#include "config/loading.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace heddle::config {
namespace {

// A given setting: where it was given ("--port" or "PORT") and its text.
struct Given {
    std::string key;
    std::string text;
    Loading& loading;

    void problem(std::string why) const { loading.findings.problem(key, std::move(why)); }
};

struct Setting {
    std::string_view flag;      // without "--"; empty: no flag
    std::string_view variable;  // empty: none
    void (*read)(const Given& given, Config& config);
};

std::optional<int> number(const Given& given, int least, int most) {
    int value = 0;
    const char* const end = given.text.data() + given.text.size();
    const auto [stop, error] = std::from_chars(given.text.data(), end, value);
    if (error == std::errc{} && stop == end && value >= least && value <= most) return value;
    given.problem("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
}

void readHost(const Given& given, Config& config) {
    auto host = hostPattern(given.text);
    if (host && !host->starts_with('*')) {
        config.host = *std::move(host);
    } else {
        given.problem("expected an address or a host name, as in 127.0.0.1 or 0.0.0.0");
    }
}

void readPort(const Given& given, Config& config) {
    if (const auto port = number(given, 0, 65'535)) config.port = static_cast<std::uint16_t>(*port);
}

void readWorkers(const Given& given, Config& config) {
    if (const auto workers = number(given, 1, 256)) config.python_workers = *workers;
}

void readCronCatchUp(const Given& given, Config& config) {
    if (const auto seconds = number(given, 0, 86'400)) config.cron_catch_up_s = *seconds;
}

void readRunTimeout(const Given& given, Config& config) {
    if (const auto seconds = number(given, 1, 31'536'000)) config.run_timeout_s = *seconds;
}

void readDataDir(const Given& given, Config& config) {
    config.data_dir = absolutePath(given.loading.sources.working_dir, given.text);
}

// A program with a slash is a path, one without is searched in PATH.
void readPython(const Given& given, Config& config) {
    const bool path = given.text.find('/') != std::string::npos;
    config.python = path ? absolutePath(given.loading.sources.working_dir, given.text) : given.text;
}

// The text may hold a password: it is never repeated.
void readDatabase(const Given& given, Config& config) {
    constexpr std::string_view kSqlite = "sqlite:";
    if (given.text.starts_with("postgres:") || given.text.starts_with("postgresql:")) {
        given.problem("PostgreSQL comes with a later version; use sqlite:FILE");
    } else if (given.text.size() <= kSqlite.size() || !given.text.starts_with(kSqlite)) {
        given.problem("expected sqlite:FILE");
    } else if (given.text == "sqlite::memory:") {
        given.problem("the database must be a file");
    } else {
        config.database_path =
            absolutePath(given.loading.sources.working_dir, given.text.substr(kSqlite.size()));
    }
}

void readHosts(const Given& given, Config& config) {
    std::string_view rest = given.text;
    while (!rest.empty()) {
        auto part = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (part.empty()) continue;
        if (part == "*") {
            config.allowed_hosts.emplace_back(part);
            continue;
        }
        const auto host = hostPattern(part);
        if (!host || host->starts_with('*')) {
            given.problem("expected hosts separated by commas: " +
                          (host ? "no wildcards" : host.error().detail));
        } else {
            const bool bare_v6 = host->find(':') != std::string::npos;
            config.allowed_hosts.push_back(bare_v6 ? "[" + *host + "]" : *host);
        }
    }
}

void readLogFormat(const Given& given, Config& config) {
    const auto text = lowerCase(given.text);
    if (text == "json" || text == "true" || text == "1") {
        config.log_format = log::Format::kJson;
    } else if (text == "text" || text == "false" || text == "0") {
        config.log_format = log::Format::kText;
    } else {
        given.problem(given.key == "LOG_JSON" ? "must be true or false" : "must be text or json");
    }
}

void readLogLevel(const Given& given, Config& config) {
    const auto text = lowerCase(given.text);
    if (text == "debug") {
        config.log_level = log::Level::kDebug;
    } else if (text == "info") {
        config.log_level = log::Level::kInfo;
    } else if (text == "warning" || text == "warn") {
        config.log_level = log::Level::kWarning;
    } else if (text == "error") {
        config.log_level = log::Level::kError;
    } else {
        given.problem("must be debug, info, warning or error");
    }
}

void readMountPrefix(const Given& given, Config& config) {
    if (const auto why = mountPrefixProblem(given.text)) {
        given.problem(*why);
    } else {
        config.http.mount_prefix = given.text;
    }
}

void readDev(const Given& given, Config& config) {
    config.dev = given.text != "false";
}

constexpr std::array<Setting, 2> kDataPlace{{
    {"data-dir", "HEDDLE_DATA_DIR", readDataDir},
    {"", "DATABASE_URI", readDatabase},
}};

constexpr std::array<Setting, 11> kSettings{{
    {"host", "HEDDLE_HOST", readHost},
    {"port", "PORT", readPort},
    {"dev", "", readDev},
    {"python", "HEDDLE_PYTHON", readPython},
    {"python-workers", "HEDDLE_PYTHON_WORKERS", readWorkers},
    {"run-timeout", "HEDDLE_RUN_TIMEOUT", readRunTimeout},
    {"cron-catch-up", "HEDDLE_CRON_CATCH_UP", readCronCatchUp},
    {"allowed-hosts", "HEDDLE_ALLOWED_HOSTS", readHosts},
    {"", "MOUNT_PREFIX", readMountPrefix},
    {"log-format", "LOG_JSON", readLogFormat},
    {"log-level", "LOG_LEVEL", readLogLevel},
}};

// The flag, else the variable.
std::optional<Given> given(const Setting& setting, Loading& loading) {
    const auto flag = loading.sources.flags.find(std::string(setting.flag));
    if (!setting.flag.empty() && flag != loading.sources.flags.end()) {
        return Given{"--" + flag->first, flag->second, loading};
    }
    auto value = loading.variable(setting.variable);
    if (!value) return std::nullopt;
    return Given{std::string(setting.variable), *std::move(value), loading};
}

void readEach(std::span<const Setting> settings, Loading& loading) {
    for (const auto& setting : settings) {
        if (const auto found = given(setting, loading)) setting.read(*found, loading.config);
    }
}

}  // namespace

bool isDataPlaceGiven(const Loading& loading) {
    return std::any_of(kDataPlace.begin(), kDataPlace.end(), [&](const Setting& setting) {
        return loading.sources.flags.contains(std::string(setting.flag)) ||
               loading.variable(setting.variable);
    });
}

void readDataPlace(Loading& loading) {
    auto& config = loading.config;
    config.data_dir = absolutePath(config.root, ".heddle");
    readEach(kDataPlace, loading);
    if (config.database_path.empty()) config.database_path = absolutePath(config.data_dir, "heddle.db");
}

void readSettings(Loading& loading) {
    auto& config = loading.config;
    readDataPlace(loading);
    readEach(kSettings, loading);
    config.webhooks.loopback_only = isLoopbackHost(config.host);
    config.webhooks.dev = config.dev;
    config.webhooks.mount_prefix = config.webhooks.fields.reference_prefix = config.http.mount_prefix;
}

}  // namespace heddle::config
