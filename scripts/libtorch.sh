#!/usr/bin/env bash
# Sets up libtorch for `--features libtorch`, in .libtorch, and writes .libtorch/env to source.
#
#   scripts/libtorch.sh           libtorch from PyPI, with what a machine without GPU needs (1.2 GB)
#   scripts/libtorch.sh --cuda    the same with all CUDA libraries
#   scripts/libtorch.sh --use DIR a torch that is installed already: the folder that has lib/ and include/
#
# Linux on x86-64 or aarch64; needs Python 3.10 or later to unpack what it downloads.
set -euo pipefail
cd "$(dirname "$0")/.."
version=2.11.0 # the one that the bindings (made for 2.9) were tested with

usage() {
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit "$1"
}

mode=cpu torch=
while [ $# -gt 0 ]; do
    case $1 in
    --cuda) mode=cuda ;;
    --use)
        torch=${2:?--use needs a folder}
        shift
        ;;
    -h | --help) usage 0 ;;
    *) usage 2 >&2 ;;
    esac
    shift
done

if [ -z "$torch" ]; then
    [ -x .libtorch/venv/bin/pip ] || python3 -m venv .libtorch/venv
    if [ "$mode" = cuda ]; then
        .libtorch/venv/bin/pip install --quiet --no-compile "torch==$version"
    else
        # The CUDA runtime is what libtorch's own headers and libraries refer to, GPU or not.
        .libtorch/venv/bin/pip install --quiet --no-deps --no-compile "torch==$version" \
            nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85
    fi
    torch=$(echo .libtorch/venv/lib/python3*/site-packages/torch)
fi
torch=$(cd "$torch" && pwd)
for part in lib/libtorch.so include/torch/csrc/api/include/torch/torch.h; do
    [ -e "$torch/$part" ] || {
        echo "$torch has no $part: give --use the folder named \`torch\` of an installation" >&2
        exit 1
    }
done

mkdir -p .libtorch
cat >.libtorch/env <<EOF
# Written by scripts/libtorch.sh. Source it before cargo builds with --features libtorch.
export LIBTORCH="$torch"
export LIBTORCH_BYPASS_VERSION_CHECK=1
# Programs find libtorch without LD_LIBRARY_PATH.
export RUSTFLAGS="-C link-arg=-Wl,-rpath,$torch/lib \${RUSTFLAGS:-}"
# Other flags and features than the plain build's: in one folder each would rebuild the other's burn.
export CARGO_TARGET_DIR="$PWD/target-libtorch"
EOF
echo "libtorch is ready: $torch"
echo "next:"
echo "  source .libtorch/env"
echo "  cargo run -p dt-train --features libtorch -- devices"
