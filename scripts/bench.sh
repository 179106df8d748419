#!/usr/bin/env bash
# Times worlds and training beside the tools people use, and writes docs/performance/*.json and the
# tables of docs/performance.md. Needs a quiet machine, a quarter of an hour, and PyPI.
#
#   scripts/bench.sh [FOLDER, docs/performance by default]
#
# REPEATS (5) is the number of times that ours and each peer run in turn.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-docs/performance}
repeats=${REPEATS:-5}
mkdir -p "$out" .bench

if [ ! -e .bench/worlds/ready ]; then
    python3 -m venv .bench/worlds
    .bench/worlds/bin/pip install --quiet minigrid==3.2.0 gymnasium==1.4.0 envpool==1.2.5
    .bench/worlds/bin/pip install --quiet navix==0.7.4 xminigrid==0.9.3 || echo "JAX's worlds are left out" >&2
    touch .bench/worlds/ready
fi
if [ ! -e .bench/torch/ready ]; then
    python3 -m venv .bench/torch
    .bench/torch/bin/pip install --quiet --no-compile torch==2.11.0 numpy pyarrow transformer-lens==3.9.0
    touch .bench/torch/ready
fi

cargo build --quiet -p dt-env
env=$PWD/${CARGO_TARGET_DIR:-target}/debug/dt-env
[ -e .libtorch/env ] || scripts/libtorch.sh >&2
# shellcheck source=/dev/null
(source .libtorch/env && cargo build --quiet -p dt-train --features libtorch)
# shellcheck source=/dev/null
train=$(source .libtorch/env && echo "$CARGO_TARGET_DIR/debug/dt-train")

.bench/worlds/bin/python scripts/peers/bench_worlds.py --dt-env "$env" --repeats "$repeats" --out "$out/worlds.json"
for device in cpu libtorch; do
    .bench/torch/bin/python scripts/peers/bench_training.py --dt-train "$train" --ours "$device" \
        --agents agents/memory-dt.ron agents/memory-dt-study.ron --repeats "$repeats" --steps 20 \
        --out "$out/training-$device.json"
done
.bench/torch/bin/python scripts/peers/bench_growth.py --dt-train "$train" --dt-env "$env" \
    --device cpu --device libtorch --out "$out/growth.json"
python3 scripts/performance_tables.py "$out" docs/performance.md
