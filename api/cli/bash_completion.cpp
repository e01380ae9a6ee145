#include "api/cli/completion.h"

namespace skald::cli {
namespace {

constexpr const char* kHead = R"(# Completion of skald for bash, made by: skald completion bash

# Sets kind and values to what the flag $2 of the command $1 takes; fails where it takes nothing.
_skald_value() {
    values=
    case "$1 $2" in
)";
constexpr const char* kValuesEnd = R"(        *) return 1 ;;
    esac
}

# Sets words to the flags of the command $1, commands to those below it, and kind and values to
# what its arguments are.
_skald_words() {
    words= commands= kind=text values=
    case "$1" in
)";
constexpr const char* kTail = R"(    esac
}

_skald_reply() {
    local word
    case $1 in
        file) compopt -o filenames 2>/dev/null ;;
        folder) compopt -o filenames 2>/dev/null ;;
    esac
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done < <(case $1 in
        file) compgen -f -- "$3" ;;
        folder) compgen -d -- "$3" ;;
        list) compgen -W "$2" -- "$3" ;;
    esac)
}

_skald() {
    local cur prev path=skald kind values words commands index word
    cur=${COMP_WORDS[COMP_CWORD]}
    prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    for ((index = 1; index < COMP_CWORD; ++index)); do
        word=${COMP_WORDS[index]}
        if _skald_value "$path" "$word"; then
            [[ ${COMP_WORDS[index + 1]} != "=" ]] || index=$((index + 1))
            index=$((index + 1))
            continue
        fi
        _skald_words "$path"
        [[ " $commands " != *" $word "* ]] || path="$path $word"
    done
    if [[ $cur == "=" ]]; then
        cur=
    elif [[ $prev == "=" ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if _skald_value "$path" "$prev"; then
        _skald_reply "$kind" "$values" "$cur"
        return
    fi
    _skald_words "$path"
    if [[ $cur == -* ]]; then
        _skald_reply list "$words" "$cur"
    elif [[ -n $commands ]]; then
        _skald_reply list "$commands" "$cur"
    else
        _skald_reply "$kind" "$values" "$cur"
    fi
}

complete -F _skald skald
)";

std::string joined(const std::vector<std::string>& words, const char* between) {
    std::string text;
    for (const std::string& word : words) text.append(text.empty() ? "" : between).append(word);
    return text;
}

/// "kind=list values='json table'"
std::string kind_and_values(const FlagModel& flag) {
    switch (completes(flag)) {
        case Completes::Choices:
            return "kind=list values=" + shell_word(joined(choices_of(flag.value), " "));
        case Completes::Files:
            return "kind=file";
        case Completes::Folders:
            return "kind=folder";
        case Completes::Nothing:
            break;
    }
    return "kind=text";
}

}  // namespace

std::string bash_completion(const CommandModel& root) {
    std::string script = kHead;
    const auto commands = all_commands(root);
    for (const CommandModel* command : commands) {
        for (const FlagModel& flag : command->flags) {
            // What may stand alone doesn't take the next word.
            if (flag.value.empty() || flag.is_value_optional) continue;
            std::vector<std::string> patterns;
            for (const std::string& name : flag.names) {
                patterns.push_back(shell_word(command->path + " " + name));
            }
            script += "        " + joined(patterns, " | ") + ") " + kind_and_values(flag) + " ;;\n";
        }
    }
    script += kValuesEnd;
    for (const CommandModel* command : commands) {
        std::vector<std::string> flags, names;
        for (const FlagModel& flag : command->flags) {
            flags.insert(flags.end(), flag.names.begin(), flag.names.end());
        }
        for (const CommandModel& each : command->commands) names.push_back(each.text.name);
        script += "        " + shell_word(command->path) +
                  ")\n            words=" + shell_word(joined(flags, " ")) +
                  "\n            commands=" + shell_word(joined(names, " ")) + "\n";
        if (!command->arguments.empty()) {
            script += "            " + kind_and_values(command->arguments.front()) + "\n";
        }
        script += "            ;;\n";
    }
    return script + kTail;
}

}  // namespace skald::cli
