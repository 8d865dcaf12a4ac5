// SPDX-License-Identifier: Apache-2.0
// Flags and environment variables: a flag wins over its variable.
#include "config/settings.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "config/host_rules.hpp"
#include "config/setting.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace heddle::config {
namespace {

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

void readRunsPerWorker(const Given& given, Config& config) {
    if (const auto runs = number(given, 1, static_cast<int>(limits::kWorkerRuns)))
        config.runs_per_worker = static_cast<std::size_t>(*runs);
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
    } else if (text == "error" || text == "critical") {
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

void readWatch(const Given& given, Config& config) {
    const auto text = lowerCase(given.text);
    config.watch_polls = text == "poll";
    if (text != "poll" && text != "auto") given.problem("must be auto or poll");
}

constexpr auto kSettings = std::to_array<Setting>({
    {.flag = "host",
     .variable = "HEDDLE_HOST",
     .fallback = "`127.0.0.1`",
     .meaning = "Address to listen on; `0.0.0.0` for every interface",
     .read = readHost},
    {.flag = "port",
     .variable = "PORT",
     .fallback = "`2024`",
     .meaning = "Port to listen on; `0` takes a free one",
     .read = readPort},
    {.flag = "data-dir",
     .variable = "HEDDLE_DATA_DIR",
     .fallback = "`.heddle` beside the file",
     .meaning = "Folder of the database",
     .read = readDataDir,
     .scope = Scope::kData},
    {.variable = "DATABASE_URI",
     .alias = "POSTGRES_URI",
     .fallback = "`heddle.db` in the data folder",
     .meaning = "`sqlite:FILE`; PostgreSQL comes with a later version",
     .read = readDatabase,
     .scope = Scope::kData},
    {.variable = "HEDDLE_API_KEYS",
     .fallback = "none",
     .meaning = "Keys that clients must show, separated by commas",
     .read = readApiKeys},
    {.flag = "api-keys-file",
     .variable = "HEDDLE_API_KEYS_FILE",
     .fallback = "none",
     .meaning = "File with such keys, one a line",
     .read = readApiKeysFile},
    {.flag = "dev",
     .fallback = "off",
     .meaning = "Development: changed files [renew the workers](development.md), webhooks may go to private "
                "addresses",
     .read = readDev,
     .toggle = true},
    {.variable = "HEDDLE_WATCH",
     .fallback = "`auto`",
     .meaning = "How `--dev` learns of changed files: `auto` asks the kernel where it can tell, `poll` looks "
                "every second",
     .read = readWatch},
    {.flag = "python",
     .variable = "HEDDLE_PYTHON",
     .fallback = "`.venv` beside the file, `$VIRTUAL_ENV`, `python3`",
     .meaning = "Interpreter of the Python graphs",
     .read = readPython},
    {.flag = "python-workers",
     .variable = "HEDDLE_PYTHON_WORKERS",
     .fallback = "`2`",
     .meaning = "Python processes, 1–256",
     .read = readWorkers},
    {.flag = "runs-per-worker",
     .variable = "HEDDLE_RUNS_PER_WORKER",
     .alias = "N_JOBS_PER_WORKER",
     .fallback = "`1000`",
     .meaning = "Most runs at once in one Python process, 1–1000; others wait",
     .read = readRunsPerWorker},
    {.flag = "run-timeout",
     .variable = "HEDDLE_RUN_TIMEOUT",
     .alias = "BG_JOB_TIMEOUT_SECS",
     .fallback = "none",
     .meaning = "Seconds that an attempt of a run may take; then it is stopped and the run ends with status "
                "`timeout`. A run's own `config.run_timeout` can only be shorter",
     .read = readRunTimeout},
    {.flag = "cron-catch-up",
     .variable = "HEDDLE_CRON_CATCH_UP",
     .fallback = "`300`",
     .meaning = "Seconds after which a time of a cron that was missed fires no more, 0–86400; less than 5 "
                "means 5",
     .read = readCronCatchUp},
    {.flag = "allowed-hosts",
     .variable = "HEDDLE_ALLOWED_HOSTS",
     .fallback = "none",
     .meaning = "Host names that the server answers to, separated by commas; `*` is any",
     .read = readHosts},
    {.variable = "MOUNT_PREFIX",
     .fallback = "none",
     .meaning = "`http.mount_prefix` of langgraph.json",
     .read = readMountPrefix},
    {.flag = "log-format",
     .variable = "LOG_JSON",
     .fallback = "`text`",
     .meaning = "`text` or `json`; the variable is `true` or `false`",
     .read = readLogFormat},
    {.flag = "log-level",
     .variable = "LOG_LEVEL",
     .fallback = "`info`",
     .meaning = "`debug`, `info`, `warning` or `error`",
     .read = readLogLevel},
});

// The flag, else the variable, else the other name of the variable.
std::optional<Given> given(const Setting& setting, Loading& loading) {
    const auto flag = loading.sources.flags.find(std::string(setting.flag));
    if (!setting.flag.empty() && flag != loading.sources.flags.end()) {
        return Given{"--" + flag->first, flag->second, loading};
    }
    for (const auto name : {setting.variable, setting.alias}) {
        if (name.empty()) continue;
        if (auto value = loading.variable(name)) return Given{std::string(name), *std::move(value), loading};
    }
    return std::nullopt;
}

void readEach(Scope scope, Loading& loading) {
    for (const auto& setting : kSettings) {
        if (setting.scope != scope) continue;
        if (const auto found = given(setting, loading)) setting.read(*found, loading.config);
    }
}

}  // namespace

std::vector<SettingText> settingTexts() {
    std::vector<SettingText> out;
    for (const auto& setting : kSettings) {
        out.push_back({setting.flag, setting.variable, setting.alias, setting.fallback, setting.meaning,
                       setting.toggle, setting.scope == Scope::kData});
    }
    return out;
}

bool isDataPlaceGiven(const Loading& loading) {
    return std::ranges::any_of(kSettings, [&](const Setting& setting) {
        if (setting.scope != Scope::kData) return false;
        return loading.sources.flags.contains(std::string(setting.flag)) ||
               loading.variable(setting.variable) ||
               (!setting.alias.empty() && loading.variable(setting.alias));
    });
}

void readDataPlace(Loading& loading) {
    auto& config = loading.config;
    config.data_dir = absolutePath(config.root, ".heddle");
    readEach(Scope::kData, loading);
    if (config.database_path.empty()) config.database_path = absolutePath(config.data_dir, "heddle.db");
}

void readSettings(Loading& loading) {
    auto& config = loading.config;
    readDataPlace(loading);
    readEach(Scope::kServer, loading);
    config.webhooks.loopback_only = isLoopbackHost(config.host);
    config.webhooks.dev = config.dev;
    config.webhooks.mount_prefix = config.webhooks.fields.reference_prefix = config.http.mount_prefix;
    judgeApiKeys(loading);
}

}  // namespace heddle::config
