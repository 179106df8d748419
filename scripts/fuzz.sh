#!/usr/bin/env bash
# Feeds every reader of files of others with hostile input (tests/fuzz/README.md). Exits with 1 if one
# broke, and names the input that did it.
#
#   scripts/fuzz.sh [SECONDS for each target, 60 by default] [TARGET…, all by default]
#
# Starts from the kept corpus and leaves it as it is; inputs that broke a reader are in
# tests/fuzz/artifacts. Installs cargo-fuzz into target once. JOBS (2) targets run side by side.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
case $seconds in
'' | *[!0-9]*)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
jobs=${JOBS:-2}

if ! command -v "${CXX:-c++}" >/dev/null; then
    echo "skipped: fuzzing, since libFuzzer needs a C++ compiler" >&2
    exit 0
fi
version=0.13.2
tools=$PWD/target/tools-fuzz-$version
export PATH=$tools/bin:$PATH
if ! cargo fuzz --version 2>/dev/null | grep -qxF "cargo-fuzz $version"; then
    cargo install --quiet cargo-fuzz --version $version --locked --root "$tools"
fi

# The stable compiler will do: what is asked of it, coverage counters, is only called unstable.
export RUSTC_BOOTSTRAP=1
cargo fuzz build --fuzz-dir tests/fuzz --sanitizer none
host=$(rustc -vV | sed -n 's/^host: //p')
bin=tests/fuzz/target/$host/release
if [ $# -gt 1 ]; then
    targets=("${@:2}")
else
    mapfile -t targets < <(cargo fuzz list --fuzz-dir tests/fuzz)
fi

# Readers of files read them from here, thousands in a second: not from a disk.
work=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" dt-fuzz.XXXXXX)
declare -A running=()
trap '[ ${#running[@]} = 0 ] || kill "${!running[@]}"; rm -rf "$work"' EXIT

# Longest input, and the words that such files are made of.
options() {
    case $1 in
    env_spec | recipe | agent_config | sweep) echo "-max_len=2048 -dict=tests/fuzz/ron.dict" ;;
    study | claims) echo "-max_len=4096 -dict=tests/fuzz/ron.dict" ;;
    run_files) echo "-max_len=4096 -dict=tests/fuzz/json.dict" ;;
    evidence) echo "-max_len=16384 -dict=tests/fuzz/json.dict" ;;
    agent | training_state) echo "-max_len=12000 -dict=tests/fuzz/json.dict" ;;
    *) echo "-max_len=12000" ;;
    esac
}

start() {
    local target=$1 options
    read -ra options < <(options "$target")
    mkdir -p "$work/$target/"{corpus,files} "tests/fuzz/artifacts/$target"
    cp -r "tests/fuzz/corpus/$target/." "$work/$target/corpus"
    TMPDIR=$work/$target/files RAYON_NUM_THREADS=1 "$bin/$target" "$work/$target/corpus" "${options[@]}" \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=512 -print_final_stats=1 \
        -artifact_prefix="tests/fuzz/artifacts/$target/" >"$work/$target/log" 2>&1 &
    running[$!]=$target
}

broken=0
collect() {
    local pid='' status=0 target log
    wait -n -p pid "${!running[@]}" || status=$?
    target=${running[$pid]}
    unset "running[$pid]"
    log=$work/$target/log
    if [ "$status" = 0 ]; then
        sed -n 's/^stat::number_of_executed_units: *//p; s/^stat::average_exec_per_sec: *//p' "$log" |
            paste -sd ' ' | sed "s/\(.*\) \(.*\)/$target: \1 inputs, \2 a second/"
    else
        broken=1
        {
            echo "$target: BROKEN, see its test unit:"
            grep -aE -A 2 'panicked at|memory allocation of|^SUMMARY|Test unit written|out-of-memory|timeout after' "$log" ||
                tail -n 20 "$log"
        } >&2
    fi
}

for target in "${targets[@]}"; do
    [ ${#running[@]} -lt "$jobs" ] || collect
    start "$target"
done
while [ ${#running[@]} -gt 0 ]; do
    collect
done
exit $broken
