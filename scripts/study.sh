#!/usr/bin/env bash
# Trains and judges the agents of the study. Run again, it goes on where it stopped.
#
#   scripts/study.sh [FOLDER, runs/study by default]
#
# JOBS runs are trained side by side (1 by default: a run uses all cores). Seeds below 100 are for
# trying things out, and 100 to 115 were judged once before the recipe changed; the judged ones
# begin at 200. Seed s of the study agent has data of seed (s - 200) / 4: four data seeds with four
# initial weights each. The dial branches from the step at which their look-backs begin, with
# other shares of them; DIAL_SEEDS="" leaves it out.
# An imported agent in runs/MemoryDT-GatedMLP is studied beside them.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-runs/study}
jobs=${JOBS:-1}
seeds=${SEEDS:-16}
dial_seeds=${DIAL_SEEDS-200 201 202 203}
default_seeds=${DEFAULT_SEEDS:-5}
mkdir -p "$out/definitions"

cargo build --quiet -p dt-train -p dt-analysis
target=${CARGO_TARGET_DIR:-target}/debug
cp "$target/dt-train" "$target/dt-analysis" "$out/" # later builds leave a study alone

# The dial: the same agent with another share of windows that look back.
dial=()
for share in 0 0.01 0.03 0.1 0.3; do
    name="memory-dt-dial-$share"
    sed -e "s/name: \"memory-dt-study\"/name: \"$name\"/" -e "s/share: 0.4/share: $share/" \
        -e 's/keep_every: 50/keep_every: 0/' agents/memory-dt-study.ron >"$out/definitions/$name.ron"
    dial+=("$out/definitions/$name.ron $name")
done

# definition, name, seed, data seed
plan() {
    for ((n = 0; n < seeds; n++)); do
        echo "agents/memory-dt-study.ron memory-dt-study $((200 + n)) $((n / 4))"
    done
    for ((n = 0; n < default_seeds; n++)); do
        echo "agents/memory-dt.ron memory-dt $((200 + n)) 0"
    done
}

# The same, and the state to branch from: the first that a run of the study agent has kept.
plan_dial() {
    for seed in $dial_seeds; do
        local states=("$out/memory-dt-study/seed-$seed"/checkpoints/step-*/state.json)
        [ "${#states[@]}" -gt 1 ] || { echo "seed $seed began no look-backs: not in the dial" >&2; continue; }
        for one in "${dial[@]}"; do
            echo "$one $seed $(((seed - 200) / 4)) $(dirname "${states[0]}")"
        done
    done
}

train() {
    local dir="$1/$3/seed-$4"
    [ -e "$dir/eval.json" ] && return 0
    local resume=()
    if [ -e "$dir/config.ron" ]; then resume=(--resume)
    elif [ -n "${6:-}" ]; then resume=(--branch-from "$6"); fi
    local status=0
    "$1/dt-train" train "$2" --quiet --seed "$4" --data-seed "$5" --datasets "$1/datasets" \
        --out "$dir" "${resume[@]}" >"$1/$3-$4.log" 2>&1 || status=$?
    # 1: an agent that does not meet its goals, which is a result as well.
    [ "$status" -le 1 ] || { echo "$dir failed: $1/$3-$4.log" >&2; return 255; }
    echo "$dir"
}
export -f train
for part in plan plan_dial; do
    "$part" | xargs -r -P "$jobs" -L 1 bash -c 'train "$0" "$@"' "$out"
done

runs=("$out"/memory-dt-study/seed-* "$out/memory-dt-study/seed-200/checkpoints/step-000000")
[ "$default_seeds" -eq 0 ] || runs+=("$out"/memory-dt/seed-*)
[ -z "$dial_seeds" ] || runs+=("$out"/memory-dt-dial-*/seed-*)
[ ! -e runs/MemoryDT-GatedMLP ] || runs=(runs/MemoryDT-GatedMLP "${runs[@]}")
"$out/dt-analysis" study "${runs[@]}" --out "$out/report" --force
"$out/dt-analysis" formation "$out"/memory-dt-study/seed-20[0-3] --out "$out/formation" --force
