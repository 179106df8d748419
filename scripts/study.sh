#!/usr/bin/env bash
# Trains and judges the agents of the study. Run again, it goes on where it stopped.
#
#   scripts/study.sh [FOLDER, runs/study by default]
#
# Which agents these are stands in agents/sweeps/memory-study.ron and look-back-dial.ron; SWEEPS is
# another folder of the two files. JOBS runs are trained side by side (1 by default: a run uses all
# cores). SEEDS (such as 200..202) makes fewer of them; DIAL=no leaves the dial out.
# An imported agent in runs/MemoryDT-GatedMLP is studied beside them.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-runs/study}
sweeps=${SWEEPS:-agents/sweeps}
mkdir -p "$out"

cargo build --quiet -p dt-train -p dt-analysis
target=${CARGO_TARGET_DIR:-target}/debug
cp "$target/dt-train" "$target/dt-analysis" "$out/" # later builds leave a study alone

sweep() {
    "$out/dt-train" sweep "$sweeps/$1.ron" --out "$out" --datasets "$out/datasets" \
        --jobs "${JOBS:-1}" ${SEEDS:+--seeds "$SEEDS"}
}
sweep memory-study
[ "${DIAL:-yes}" = no ] || sweep look-back-dial # branches from the runs of the first

runs=("$out"/memory-dt-study/seed-*)
runs+=("${runs[0]}/checkpoints/step-000000") # the first one's weights before training
for more in "$out"/memory-dt/seed-* "$out"/memory-dt-dial-*/seed-*; do
    [ ! -e "$more/eval.json" ] || runs+=("$more")
done
[ ! -e runs/MemoryDT-GatedMLP ] || runs=(runs/MemoryDT-GatedMLP "${runs[@]}")
"$out/dt-analysis" study "${runs[@]}" --out "$out/report" --force
"$out/dt-analysis" formation "$out"/memory-dt-study/seed-20[0-3] --out "$out/formation" --force
