#!/usr/bin/env bash
# Checks and times a prebuilt dt-train on a GPU, beside PyTorch, in under eight minutes. The machine
# needs neither Rust nor a network, only Python with the torch that the program was built against.
#
#   scripts/gpu-check.sh BINARY TORCH [OUT]
#
#   BINARY  dt-train built with --features libtorch, e.g. target-libtorch/debug/dt-train, stripped
#   TORCH   a torch installation: the folder that has lib/libtorch.so
#   OUT     where gpu-check.json and gpu-check.md go [default: gpu-check]
#
# DEVICE=libtorch runs it without a GPU, to see that it works; PYTHON names the interpreter.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
binary=$(realpath "$1") torch=$(realpath "$2") out=$(realpath -m "${3:-gpu-check}")
[ -e "$torch/lib/libtorch.so" ] || { echo "$torch/lib/libtorch.so is missing" >&2; exit 2; }
# CUDA's own libraries lie beside torch in a wheel's installation.
paths=$torch/lib
for dir in "$torch"/../nvidia/*/lib "$torch"/../nvidia/*/*/lib; do
    [ ! -d "$dir" ] || paths=$paths:$dir
done
export LD_LIBRARY_PATH=$paths:${LD_LIBRARY_PATH:-}
mkdir -p "$out"
cd "$root"
exec "${PYTHON:-python3}" scripts/gpu_check.py --dt-train "$binary" --out "$out" \
    --device "${DEVICE:-libtorch:cuda:0}"
