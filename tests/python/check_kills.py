#!/usr/bin/env python3
"""Kills dt-train at its file-changing system calls, one run for each call, and goes on from what is left.

    python3 tests/python/check_kills.py [--programs target/debug] [--every N]

In each of four settings (a fresh run, one that replaces another, one resumed within its evaluation, an import that
replaces another) the command is run once under strace to count its calls, then again and again, killed (SIGKILL) at
the first, second, third ... of them; with --every N at each N-th. Afterwards the same command with --resume (for an
import: the same command) must end in the bytes of an undisturbed run, with nothing in the making left in the run.
Anything else is printed, and the exit code is 1. Needs strace; without it, it says so and exits with 0.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CALLS = (
    "openat,write,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,ftruncate,fsync,fdatasync,fchmod,chmod"
)
# They hold times, and who works there.
OWN = {"run.json", "timing.jsonl", "run.lock"}


def content(folder):
    """Bytes of every file of a run, by name, but of those that may differ."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in files if p.name not in OWN}


class Setting:
    """A command, what stands in its folder before it, and how it is gone on with."""

    def __init__(self, name, command, go_on, prepare, out, expected):
        self.name, self.command, self.go_on = name, command, go_on
        self.prepare, self.out, self.expected = prepare, out, expected

    def count(self, lab):
        """How often each call is made."""
        self.prepare()
        log = lab / "calls.log"
        strace = ["strace", "-f", "-qq", "-o", log, "-e", f"trace={CALLS}"]
        subprocess.run([*strace, *self.command], cwd=lab, check=True, capture_output=True)
        counts = {}
        for line in log.read_text(errors="replace").splitlines():
            call = line.split(None, 1)[1].split("(", 1)[0]
            if call.isidentifier():
                counts[call] = counts.get(call, 0) + 1
        return counts

    def kill(self, lab, call, n):
        """What is wrong after a kill at the n-th call, if anything is."""
        self.prepare()
        at = f"inject={call}:signal=KILL:when={n}"
        strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", at]
        subprocess.run([*strace, *self.command], cwd=lab, capture_output=True)
        end = subprocess.run(self.go_on, cwd=lab, capture_output=True, text=True)
        if end.returncode not in (0, 1):
            return f"cannot be gone on with: {end.stderr.strip()[-200:]}"
        found = content(self.out)
        wrong = {n for n in found.keys() | self.expected.keys() if found.get(n) != self.expected.get(n)}
        return f"other bytes, or more or fewer: {sorted(wrong)[:4]}" if wrong else None


def settings(lab, program):
    """The four settings, each with its folder prepared by copies of what an undisturbed run left."""
    text = (HERE.parent / "data" / "tiny.ron").read_text()
    training = "(steps: 8, keep_steps: [0, 5], keep_every: 4, checkpoint_seconds: 0,"
    (lab / "tiny.ron").write_text(text.replace("(steps: 20,", training).replace("evaluate_every: 20", "evaluate_every: 6"))
    shutil.copy(HERE.parent / "data" / "tiny-data.ron", lab)
    train = [program, "train", "tiny.ron", "--quiet", "--threads", "1", "--out"]
    for out, more in (("whole", []), ("old", ["--seed", "3"])):
        subprocess.run([*train, out, *more], cwd=lab, check=True, capture_output=True)
    shutil.copytree(lab / "runs", lab / "runs.kept")
    shutil.copytree(lab / "whole", lab / "half")
    for name in ("agent.json", "agent.safetensors", "eval.json"):
        (lab / "half" / name).unlink()
    run, whole = lab / "run", content(lab / "whole")

    def begin_with(folder, data):
        def prepare():
            for path in (run, lab / "runs"):
                shutil.rmtree(path, ignore_errors=True)
            if folder:
                shutil.copytree(lab / folder, run)
            if data:
                shutil.copytree(lab / "runs.kept", lab / "runs")

        return prepare

    command, go_on = [*train, "run"], [*train, "run", "--resume"]
    yield Setting("a fresh run", command, go_on, begin_with(None, False), run, whole)
    yield Setting("evaluation", go_on, go_on, begin_with("half", True), run, whole)

    # Killed before the swap, what stands there is the old run, whole; then the same command replaces it.
    force = [*command, "--force"]
    again = ["sh", "-c", '"$@" --resume 2>/dev/null || "$@" --force', "sh", *command]
    yield Setting("a run that replaces another", force, again, begin_with("old", True), run, whole)

    weights = HERE.parents[2] / "shared" / "reference" / "MemoryGatedMLP.pt"
    if not weights.exists():
        print(f"skipped: the import, as {weights} is not here")
        return
    load = [program, "import", weights, "--force", "--out"]
    subprocess.run([*load, "imported"], cwd=lab, check=True, capture_output=True)
    expected = content(lab / "imported")
    yield Setting("an import that replaces another", [*load, "run"], [*load, "run"], begin_with("imported", False), run, expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, default=HERE.parents[1] / "target" / "debug")
    parser.add_argument("--every", type=int, default=1)
    args = parser.parse_args()
    if not shutil.which("strace"):
        print("skipped: strace is not here")
        return
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        lab = pathlib.Path(folder)
        for setting in settings(lab, (args.programs / "dt-train").resolve()):
            kills, first = 0, bad
            for call, count in sorted(setting.count(lab).items()):
                # The loader opens its libraries before anything of ours happens.
                start = max(1, count - 70) if call == "openat" else 1
                for n in range(start, count + 1, args.every):
                    kills += 1
                    wrong = setting.kill(lab, call, n)
                    if wrong:
                        bad += 1
                        print(f"  {setting.name}, killed at {call} {n}: {wrong}")
            print(f"{setting.name}: {kills} kills, {bad - first} wrong", flush=True)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
