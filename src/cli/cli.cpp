// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.hpp"

#include "app/commands.hpp"
#include "app/listen.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

extern char** environ;

namespace heddle::cli {
namespace {

std::map<std::string, std::string> environment() {
    std::map<std::string, std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
}

// The flags that were given, by name without dashes.
struct Flags {
    std::string
        config;  // empty: langgraph.json of the working directory, unless the environment has the graphs
    std::map<std::string, std::string> given;

    void value(CLI::App& verb, const std::string& name, const std::string& help) {
        verb.add_option_function<std::string>(
            "--" + name, [this, name](const std::string& text) { given[name] = text; }, help);
    }
    void toggle(CLI::App& verb, const std::string& name, const std::string& help) {
        verb.add_flag_function(
            "--" + name, [this, name](std::int64_t) { given[name] = "true"; }, help);
    }
};

void addDataPlace(CLI::App& verb, Flags& flags) {
    verb.add_option("-c,--config", flags.config, "The project's langgraph.json (the one in this folder)");
    flags.value(verb, "data-dir", "Where the database lives (.heddle beside the config)");
}

void addCommon(CLI::App& verb, Flags& flags) {
    addDataPlace(verb, flags);
    flags.value(verb, "host", "Address to listen on (127.0.0.1)");
    flags.value(verb, "port", "Port to listen on (2024); 0 takes a free one");
    flags.toggle(verb, "dev",
                 "Development: changed files renew the workers, webhooks may go to private addresses");
    flags.value(verb, "python", "Interpreter for Python graphs");
    flags.value(verb, "python-workers", "Python worker processes (2)");
    flags.value(verb, "run-timeout", "Seconds a run may take (no limit)");
    flags.value(verb, "cron-catch-up", "Seconds after which a missed cron fires no more (300)");
    flags.value(verb, "allowed-hosts", "Host names the server answers to, comma separated");
    flags.value(verb, "log-format", "text or json");
    flags.value(verb, "log-level", "debug, info, warning or error");
}

app::Invocation invocation(const Flags& flags) {
    return app::Invocation{flags.config, flags.given, environment(),
                           std::filesystem::current_path().string()};
}

void addListen(CLI::App& verb, app::ListenCall& call) {
    verb.add_option("--host", call.host, "Address to listen on (127.0.0.1)");
    verb.add_option("--port", call.port, "Port to listen on (8000); 0 takes a free one");
    verb.add_option("--status", call.status, "Status of every answer (200)")->check(CLI::Range(200, 599));
    verb.add_option("--delay", call.delay, "Time before an answer, as in 2s or 500ms");
    verb.add_option("--secret", call.secrets,
                    "Secret to verify signatures with; may be repeated (HEDDLE_WEBHOOK_SECRET)")
        ->allow_extra_args(false)
        ->envname("HEDDLE_WEBHOOK_SECRET");
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App cli("Heddle: a server for the LangGraph run API", "heddle");
    cli.set_version_flag("--version", app::versionLine());
    cli.require_subcommand(1);
    Flags flags;
    auto* serve = cli.add_subcommand("serve", "Serve the graphs of a langgraph.json");
    addCommon(*serve, flags);
    auto* check = cli.add_subcommand("check-config",
                                     "Print the effective configuration, or every problem with its key");
    addCommon(*check, flags);
    auto* listen = cli.add_subcommand("listen", "Receive webhooks and print them, to try them out");
    app::ListenCall listen_call;
    addListen(*listen, listen_call);
    auto* secret = cli.add_subcommand("secret", "Print a new secret for webhooks.secrets");
    std::string file;
    bool force = false;
    auto* backup =
        cli.add_subcommand("backup", "Copy the database to a file, also while a server is running");
    addDataPlace(*backup, flags);
    backup->add_option("FILE", file, "The backup to write")->required();
    backup->add_flag("--force", force, "Replace FILE when it exists");
    auto* restore = cli.add_subcommand("restore", "Put a backup in the place of the database");
    addDataPlace(*restore, flags);
    restore->add_option("FILE", file, "The backup to read")->required();
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return cli.exit(error) == 0 ? 0 : 2;
    }
    try {
        if (serve->parsed()) return app::serve(invocation(flags));
        if (listen->parsed()) return app::listen(listen_call);
        if (secret->parsed()) return app::printSecret();
        if (backup->parsed()) {
            using app::ExistingFile;
            return app::backup(invocation(flags), file,
                               force ? ExistingFile::kReplace : ExistingFile::kRefuse);
        }
        if (restore->parsed()) return app::restore(invocation(flags), file);
        return app::checkConfig(invocation(flags));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "heddle: %s\n", error.what());
        return 1;
    }
}

}  // namespace heddle::cli
