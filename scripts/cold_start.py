"""The costliest units and the longest chain of a build that scripts/cold_start.sh made."""

import json
import pathlib
import re
import sys

TOP = 10


class Unit:
    """One run of the compiler."""

    def __init__(self, line, fronts):
        user, system, package, version, *words = line.split(" ")
        arguments = dict(zip(words, words[1:]))
        crate = arguments["--crate-name"]
        suffix = next(w for w in words if w.startswith("extra-filename=")).partition("=")[2]
        externs = [after for word, after in zip(words, words[1:]) if word == "--extern" and "=" in after]
        self.seconds = float(user) + float(system)
        self.kind = arguments["--crate-type"]
        self.name = f"{package} {version}" + {"bin": f" ({crate})"}.get(self.kind, "")
        self.file = crate + suffix
        self.needs = [pathlib.Path(e.partition("=")[2]) for e in externs]
        # A library's dependents start when its front end is done, unless they need its code.
        share = fronts.get((package, version), 1.0) if self.kind == "lib" else 1.0
        self.front = self.seconds * share


def front_shares(page):
    """Share of the time of a library that its front end takes, by package and version."""
    units = json.loads(re.search(r"UNIT_DATA = (\[.*?\]);\n", page.read_text(), re.S)[1])
    shares = {}
    for unit in units:
        parts = dict(unit["sections"] or [])
        if unit["target"] == "" and "frontend" in parts and unit["duration"] > 0:
            share = min(1.0, parts["frontend"]["end"] / unit["duration"])
            shares[unit["name"], unit["version"]] = share
    return shares


def longest_chain(units):
    """(seconds, [(seconds, name)]) of the chain that ends last, if nothing waits for a core.

    What build scripts print is not followed; a program is linked when all libraries are whole.
    """
    by_file = {unit.file: unit for unit in units}
    known = {}

    def start(unit):
        """When it can start, and after which part of what other unit."""
        if unit.file not in known:
            waits = [(0.0, None, 0.0)]
            for need in unit.needs:
                other = by_file.get(need.stem.removeprefix("lib"))
                if other is not None:
                    part = other.front if need.suffix == ".rmeta" else other.seconds
                    waits.append((start(other)[0] + part, other, part))
            if unit.kind == "bin" and not unit.file.startswith("build_script"):
                libraries = [other for other in units if other.kind == "lib"]
                waits += [(start(o)[0] + o.seconds, o, o.seconds) for o in libraries]
            known[unit.file] = max(waits, key=lambda wait: wait[0])
        return known[unit.file]

    unit = max(units, key=lambda unit: start(unit)[0] + unit.seconds)
    end = start(unit)[0] + unit.seconds
    steps = [(unit.seconds, unit.name)]
    while (before := start(unit))[1] is not None:
        _, unit, part = before
        steps.append((part, unit.name))
    return end, steps[::-1]


def main():
    target = pathlib.Path(sys.argv[1])
    fronts = front_shares(target / "cargo-timings" / "cargo-timing.html")
    lines = (target / "units").read_text().splitlines()
    units = [Unit(line, fronts) for line in lines if " extra-filename=" in line]
    total = sum(unit.seconds for unit in units)
    print(f"{len(units)} runs of the compiler, {total:.0f} s of CPU; the costliest:")
    for unit in sorted(units, key=lambda unit: -unit.seconds)[:TOP]:
        print(f"{unit.seconds:7.1f}  {unit.name}")
    end, steps = longest_chain(units)
    print(f"longest chain, {end:.0f} s of CPU:")
    print("  " + ", ".join(f"{name} {seconds:.1f}" for seconds, name in steps if seconds >= 0.5))
    print(target)


if __name__ == "__main__":
    main()
