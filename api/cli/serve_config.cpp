#include "api/cli/serve_config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "api/cli/config_file.h"
#include "sagas/did_you_mean.h"

namespace skald::cli {
namespace {

constexpr const char* kFlag = "flag";
constexpr const char* kDefault = "default";

/// "listen" of "--listen".
std::string key_of(const CLI::Option& option) { return option.get_lnames().front(); }

bool is_setting(const CLI::Option& option) {
    return !option.check_lname("help") && !option.check_lname("config") &&
           !option.check_lname("print-config") && !option.check_lname("output");
}

/// As if `values` had been given as flags. Errors: InvalidArgument, which starts with `source`.
sagas::Result<void> give(CLI::Option& option, const std::vector<std::string>& values,
                         const std::string& source) {
    try {
        option.add_result(values);
        option.run_callback();
        return {};
    } catch (const CLI::ParseError& error) {
        return sagas::fail(sagas::ErrorCode::InvalidArgument, source + ": " + error.what());
    }
}

bool is_list(const CLI::Option& option) { return option.get_expected_max() > 1; }

/// What the option has; none: nothing was given, and it has no default.
std::vector<std::string> values_of(const CLI::Option& option) {
    if (option.count() > 0) return option.reduced_results();
    if (option.get_expected_max() == 0) return {"false"};  // It takes no value.
    const std::string& value = option.get_default_str();
    return value.empty() ? std::vector<std::string>{} : std::vector<std::string>{value};
}

std::string value_text(const CLI::Option& option, const std::vector<std::string>& values) {
    if (!is_list(option)) return config_value(values.front());
    std::string text;
    for (const std::string& value : values) {
        text.append(text.empty() ? "[" : ", ").append(config_value(value));
    }
    return text + "]";
}

}  // namespace

std::string environment_name(const std::string& flag) {
    std::string name = "SKALD_" + flag;
    for (char& c : name) {
        c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return name;
}

sagas::Result<void> ServeConfig::fill(const std::string& file) {
    if (auto filled = fill_from_environment(); !filled) return filled;
    return file.empty() ? sagas::Result<void>() : fill_from_file(file);
}

std::string ServeConfig::with_source(const std::string& message) const {
    for (const CLI::Option* option : settings()) {
        const auto source = sources_.find(option);
        if (source != sources_.end() && message.starts_with("--" + key_of(*option) + ":")) {
            return message + " (from " + source->second + ")";
        }
    }
    return message;
}

std::string ServeConfig::to_text(const std::string& token) const {
    std::string text = "# What `skald serve` runs with; --config reads it back.\n";
    for (const CLI::Option* option : settings()) {
        const auto values = values_of(*option);
        if (values.empty()) {
            text += "# " + key_of(*option) + " is not set\n";
        } else {
            text += key_of(*option) + " = " + value_text(*option, values) + "  # " +
                    source_of(*option) + "\n";
        }
    }
    return text + (token.empty() ? "# SKALD_TOKEN is not set\n" : "# SKALD_TOKEN = ***\n");
}

api::Document ServeConfig::to_document(const std::string& token) const {
    api::Document document;
    for (const CLI::Option* option : settings()) {
        const auto values = values_of(*option);
        api::Document value;
        if (is_list(*option)) {
            value = values;
        } else if (!values.empty()) {
            value = values.front();
        }
        document["settings"][key_of(*option)] = {{"value", value}, {"from", source_of(*option)}};
    }
    document["token"] = token.empty() ? api::Document(nullptr) : api::Document("***");
    return document;
}

std::vector<CLI::Option*> ServeConfig::settings() const {
    return command_.get_options([](const CLI::Option* option) { return is_setting(*option); });
}

CLI::Option* ServeConfig::find(const std::string& key) const {
    for (CLI::Option* option : settings()) {
        if (key_of(*option) == key) return option;
    }
    return nullptr;
}

sagas::Result<void> ServeConfig::fill_from_environment() {
    for (CLI::Option* option : settings()) {
        const std::string name = environment_name(key_of(*option));
        const std::string value = environment_(name);
        if (option->count() > 0 || value.empty()) continue;
        if (auto given = give(*option, {value}, name); !given) return given;
        sources_[option] = name;
    }
    return {};
}

sagas::Result<void> ServeConfig::fill_from_file(const std::string& file) {
    const auto found = read_config(file);
    if (!found) return tl::unexpected(found.error());
    for (const Setting& setting : *found) {
        const std::string source = file + ":" + std::to_string(setting.line);
        CLI::Option* option = find(setting.key);
        if (option == nullptr) {
            std::vector<std::string> keys;
            for (const CLI::Option* each : settings()) keys.push_back(key_of(*each));
            const std::string hint = setting.key == "token"
                                         ? "secrets come from the environment: SKALD_TOKEN"
                                         : sagas::did_you_mean_hint(setting.key, keys);
            return sagas::fail(sagas::ErrorCode::InvalidArgument,
                               source + ": there is no setting \"" + setting.key + "\"" +
                                   (hint.empty() ? "" : "; " + hint));
        }
        if (option->count() > 0) continue;
        sources_[option] = source;
        if (setting.values.empty() && is_list(*option)) continue;
        if (auto given = give(*option, setting.values, source); !given) return given;
    }
    return {};
}

std::string ServeConfig::source_of(const CLI::Option& option) const {
    const auto found = sources_.find(&option);
    if (found != sources_.end()) return found->second;
    return option.count() > 0 ? kFlag : kDefault;
}

}  // namespace skald::cli
