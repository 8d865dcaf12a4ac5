// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.hpp"

#include "app/commands.hpp"
#include "app/flag_texts.hpp"
#include "app/health.hpp"
#include "app/listen.hpp"
#include "cli/completion.hpp"
#include "cli/manual.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
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

// Of the settings that `heddle serve` reads, or only those that say where the database is.
enum class Settings { kAll, kDataPlace };

void addSettings(CLI::App& verb, Flags& flags, Settings which) {
    verb.add_option("-c,--config", flags.config, "The project's langgraph.json, or its folder");
    for (const auto& setting : app::flagTexts()) {
        if (which == Settings::kDataPlace && !setting.data_place) continue;
        if (setting.toggle) {
            flags.toggle(verb, setting.flag, setting.help);
        } else {
            flags.value(verb, setting.flag, setting.help);
        }
    }
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

void addHealth(CLI::App& verb, app::HealthCall& call) {
    verb.add_option("--url", call.url,
                    "The server's address (http://127.0.0.1:2024, or as HEDDLE_HOST and PORT say)");
    verb.add_flag_function(
        "--live", [&call](std::int64_t) { call.path = "/ok"; },
        "Ask only whether the process answers, not whether it is ready");
}

// The verbs that are about the command line itself: what to print, once everything is parsed.
struct Printers {
    CLI::App* completion = nullptr;
    CLI::App* manual = nullptr;
    std::string shell;

    explicit Printers(CLI::App& cli)
        : completion(cli.add_subcommand("completion", "Print a completion script for a shell")),
          manual(cli.add_subcommand("manual", "Print the manual page, for man -l -")) {
        completion->add_option("SHELL", shell, "bash, zsh or fish")->required();
    }

    // Nothing: neither was asked for.
    [[nodiscard]] std::optional<int> print(const CLI::App& cli) const {
        if (manual->parsed()) {
            std::fputs(manualPage(syntaxOf(cli), app::versionLine()).c_str(), stdout);
            return 0;
        }
        if (!completion->parsed()) return std::nullopt;
        const auto script = completionFor(shell, syntaxOf(cli));
        if (!script) {
            std::fprintf(stderr, "heddle: SHELL: expected bash, zsh or fish\n");
            return 2;
        }
        std::fputs(script->c_str(), stdout);
        return 0;
    }
};

// What brings a project to its first start. Says whether one of these verbs was called, and its exit status.
class ProjectVerbs {
  public:
    ProjectVerbs(CLI::App& cli, Flags& flags) : flags_(flags) {
        init_ = cli.add_subcommand("init", "Write a small project that needs no model key");
        init_->add_option("FOLDER", folder_, "Where to (this folder)");
        install_ = cli.add_subcommand("install", "Install what langgraph.json wants, into .venv beside it");
        install_->add_option("-c,--config", flags.config,
                             "The project's langgraph.json (the one in this folder)");
        flags.value(*install_, "python",
                    "Interpreter whose environment is filled (.venv, made when missing)");
        install_->add_flag("-v,--verbose", verbose_, "Show what pip says");
        doctor_ = cli.add_subcommand("doctor", "Check everything that a server needs, and say what to do");
        addSettings(*doctor_, flags, Settings::kAll);
        doctor_->add_flag("--json", json_, "One JSON object instead of lines");
    }
    [[nodiscard]] std::optional<int> run() const {
        if (init_->parsed()) return app::init(folder_);
        if (install_->parsed()) return app::install(invocation(flags_), verbose_);
        if (doctor_->parsed()) return app::doctor(invocation(flags_), json_);
        return std::nullopt;
    }

  private:
    Flags& flags_;
    CLI::App* init_;
    CLI::App* install_;
    CLI::App* doctor_;
    std::string folder_ = ".";
    bool verbose_ = false;
    bool json_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App cli("Heddle: a server for the LangGraph run API", "heddle");
    cli.set_version_flag("--version", app::versionLine());
    cli.require_subcommand(1);
    Flags flags;
    auto* serve = cli.add_subcommand("serve", "Serve the graphs of a langgraph.json");
    addSettings(*serve, flags, Settings::kAll);
    flags.toggle(*serve, "install", "First do what `heddle install` does");
    ProjectVerbs project(cli, flags);
    auto* check = cli.add_subcommand("check-config",
                                     "Print the effective configuration, or every problem with its key");
    addSettings(*check, flags, Settings::kAll);
    auto* listen = cli.add_subcommand("listen", "Receive webhooks and print them, to try them out");
    app::ListenCall listen_call;
    addListen(*listen, listen_call);
    auto* secret = cli.add_subcommand("secret", "Print a new secret for webhooks.secrets");
    std::string file;
    bool force = false;
    auto* backup =
        cli.add_subcommand("backup", "Copy the database to a file, also while a server is running");
    addSettings(*backup, flags, Settings::kDataPlace);
    backup->add_option("FILE", file, "The backup to write")->required();
    backup->add_flag("--force", force, "Replace FILE when it exists");
    auto* restore = cli.add_subcommand("restore", "Put a backup in the place of the database");
    addSettings(*restore, flags, Settings::kDataPlace);
    restore->add_option("FILE", file, "The backup to read")->required();
    auto* reference = cli.add_subcommand("reference", "Print the tables of docs/configuration.md");
    reference->group("");  // for ./dev reference
    auto* health = cli.add_subcommand("health", "Ask a server whether it is ready; exit status 0: it is");
    app::HealthCall health_call;
    addHealth(*health, health_call);
    const Printers printers(cli);
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return cli.exit(error) == 0 ? 0 : 2;
    }
    try {
        if (const auto printed = printers.print(cli)) return *printed;
        if (health->parsed()) return app::health(health_call, environment());
        if (const auto status = project.run()) return *status;
        if (serve->parsed()) return app::serve(invocation(flags));
        if (listen->parsed()) return app::listen(listen_call);
        if (secret->parsed()) return app::printSecret();
        if (reference->parsed()) return app::printReference();
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
