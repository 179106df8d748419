#!/usr/bin/env bash
# What a first build costs: `cargo build -p dt-train` into an empty target directory.
#
#   scripts/cold_start.sh [CHECKOUT, this one by default] [options of cargo build]
#
# Prints wall, user and system seconds, the ten costliest units by the CPU seconds of their compiler,
# and the longest chain of units that need each other: no number of cores builds faster than that.
# CPU seconds depend little on what else a machine does, wall seconds do. Downloads come first and
# are not counted. The folder of the build is printed and kept, with cargo's own page
# (`cargo-timings/`): remove it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}"
shift $(($# > 0 ? 1 : 0))

cargo fetch --locked --quiet
target=$(mktemp -d "${TMPDIR:-/tmp}/cold-start.XXXXXX")
cat >"$target/rustc" <<'EOF'
#!/usr/bin/env bash
# Runs the compiler that cargo asks for and writes down its user and system seconds.
exec 3>&2 4>&1
code=0
TIMEFORMAT='%U %S'
seconds=$({ time "$@" 2>&3 >&4; } 2>&1) || code=$?
echo "$seconds ${CARGO_PKG_NAME:-} ${CARGO_PKG_VERSION:-} $*" >>"$UNIT_SECONDS"
exit $code
EOF
chmod +x "$target/rustc"
export UNIT_SECONDS=$target/units RUSTC_WRAPPER=$target/rustc CARGO_TARGET_DIR=$target
TIMEFORMAT='wall %R s, user %U s, system %S s'
time cargo build --locked --quiet -p dt-train --timings "$@"
python3 "$here/cold_start.py" "$target"
