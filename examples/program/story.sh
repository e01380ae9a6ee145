# What the runnable examples share: they start skald and their services in a temporary folder, show
# what happens, check every end, and leave nothing behind. Sourced by their `run`, which says
# `story` (a name for the folder), `targets` (what to build) and `usage` (a function), and calls
# set_the_stage.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=
failures=0

bold='' green='' red='' plain=''
if [ -t 1 ]; then
    bold=$'\033[1m' green=$'\033[32m' red=$'\033[31m' plain=$'\033[0m'
fi
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
say() { printf '  %s\n' "$*"; }
indent() { sed 's/^/  /'; }
die() {
    printf '%s%s%s\n' "$red" "$*" "$plain" >&2
    exit 1
}

# Reads "--build FOLDER", the only flag that there is; the rest becomes `words`.
words=()
read_flags() {
    while [ $# -gt 0 ]; do
        case $1 in
            --build)
                [ $# -ge 2 ] || { usage >&2 && exit 2; }
                build=$(cd "$2" && pwd)
                shift
                ;;
            -h | --help) usage && exit 0 ;;
            -*) usage >&2 && exit 2 ;;
            *) words+=("$1") ;;
        esac
        shift
    done
}
no_words() { [ ${#words[@]} -eq 0 ] || { usage >&2 && exit 2; }; }

# --- Starting and ending ------------------------------------------------------------------------

folder=
declare -A pids=()    # Of what this script started, and only that.
declare -A ports=()

at_exit() {
    local code=$? pid
    trap - EXIT
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do
        while ! is_gone "$pid"; do sleep 0.02; done
    done
    if [ "$code" -eq 0 ]; then
        rm -rf "$folder"
    else
        printf 'Logs and databases are left in %s\n' "$folder" >&2
    fi
    exit "$code"
}

# Builds a release where no --build was given, in build/release, and makes the folder.
# shellcheck disable=SC2154  # `story` and `targets` are those of whom sources this.
set_the_stage() {
    if [ -z "$build" ]; then
        "$root/tests/install-packages" build story
        build=$root/build/release
        if [ ! -f "$build/build.ninja" ]; then
            (cd "$root" && cmake --preset release -DBUILD_TESTING=OFF)
        fi
        ninja -C "$build" skald "${targets[@]}"
    fi
    folder=$(mktemp -d "${TMPDIR:-/tmp}/skald-$story.XXXXXX")
    trap at_exit EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

# Tries "$@" until it succeeds, for at most 60 s.
wait_until() {
    local until=$((SECONDS + 60))
    until "$@"; do
        [ $SECONDS -lt $until ] || die "waited in vain for: $*"
        sleep 0.05
    done
}

# Starts "$@" as NAME; what it says goes to NAME.log.
start() { # NAME PROGRAM [ARGUMENT...]
    local name=$1
    shift
    "$@" >>"$folder/$name.log" 2>&1 </dev/null &
    pids[$name]=$!
    # Bash would tell of its end by a signal, which is part of the story.
    disown
}

# The same, and waits until it listens: on the port that it had before, or on any free one.
# Somebody's connection may have taken that port meanwhile: it is tried again.
start_server() { # NAME PROGRAM [ARGUMENT...], in which "@PORT" is the port, and "@FILE" gets it
    local name=$1 try at arguments
    shift
    for try in {1..20}; do
        rm -f "$folder/$name.port"
        # Below those that connections get.
        at=${ports[$name]:-$((20000 + RANDOM % 12000))}
        arguments=("${@//@PORT/$at}")
        start "$name" "${arguments[@]//@FILE/$folder/$name.port}"
        wait_until has_port_or_ended "$name"
        if [ -s "$folder/$name.port" ]; then
            ports[$name]=$at
            return 0
        fi
        unset "pids[$name]"
        sleep 0.2
    done
    die "$name doesn't start ($try tries): $(tail -n 3 "$folder/$name.log")"
}
has_port_or_ended() { [ -s "$folder/$1.port" ] || ! kill -0 "${pids[$1]}" 2>/dev/null; }

kill_hard() { # NAME...
    local name
    for name in "$@"; do
        kill -KILL "${pids[$name]}"
        wait_until is_gone "${pids[$name]}"
        unset "pids[$name]"  # Its number may soon be another's.
    done
}
is_gone() { ! kill -0 "$1" 2>/dev/null; }

skald_flags=()  # More of them, which may say @PORT too.
start_skald() {
    start_server skald "$build/api/skald" serve --db "$folder/skald.db" \
        --listen 127.0.0.1:@PORT --port-file @FILE "${skald_flags[@]}"
    export SKALD_SERVER=http://127.0.0.1:${ports[skald]}
}

skald() { "$build/api/skald" "$@"; }

# --- Asking and checking ------------------------------------------------------------------------

fetch() { curl --silent --show-error --fail --max-time 70 "$@"; }

# PUTs the JSON in FILE, and prints what JQ makes of the answer.
put() { # PATH FILE JQ
    curl --silent --show-error --fail-with-body --max-time 10 --request PUT \
        --header 'Content-Type: application/json' --data @"$2" "$SKALD_SERVER$1" \
        >"$folder/answer" ||
        die "PUT $1: $(cat "$folder/answer")"
    jq --raw-output "$3" "$folder/answer" | indent
}

# $1: what is looked at, $2: what it should be, $3: what it is.
expect() {
    if [ "$2" = "$3" ]; then
        printf '  %sok%s    %s: %s\n' "$green" "$plain" "$1" "$3"
    else
        printf '  %sWRONG%s %s: %s, but it should be %s\n' "$red" "$plain" "$1" "$3" "$2"
        failures=$((failures + 1))
    fi
}

# Ends with 1 if an outcome was not as told; else says $1.
finish() {
    if [ "$failures" -gt 0 ]; then
        title "${red}$failures outcomes are not as told.${plain}"
        exit 1
    fi
    title "${green}$1${plain}"
}
