#!/usr/bin/env python3
"""Opens a report in a real browser, at phone and desktop width, and looks for what must be there.

    python3 tests/python/check_report.py out/report.html [--shots DIR]

Runs headless Chromium without network: every figure must have a picture of some size, nothing may
be wider than the page outside of what scrolls, and the console must be silent. Exit code 1 if not.
Needs chromium; otherwise Python's standard library alone.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROBE = """
<script>
addEventListener('load', () => {
  const figures = [...document.querySelectorAll('figure')];
  const flat = figures.filter(f => {
    const box = f.querySelector('svg, img').getBoundingClientRect();
    return box.width < 200 || box.height < 20;
  });
  const wide = document.documentElement.scrollWidth - innerWidth;
  document.title = 'PROBE figures=' + figures.length + ' flat=' + flat.length + ' wide=' + wide +
    ' claims=' + document.querySelectorAll('.claims tbody tr').length;
});
</script>
"""


def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    raise SystemExit("no chromium: install it (Debian: apt-get install chromium)")


def look(program: str, page: Path, width: int, shot: Path | None) -> str:
    flags = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--host-resolver-rules=MAP * ~NOTFOUND", f"--window-size={width},1400",
             "--enable-logging=stderr", "--virtual-time-budget=5000"]  # fmt: skip
    if shot:
        subprocess.run([*flags, f"--screenshot={shot}", page.as_uri()], capture_output=True, check=True, timeout=120)
    done = subprocess.run([*flags, "--dump-dom", page.as_uri()], capture_output=True, text=True, check=True, timeout=120)
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    found = re.search(r"<title>PROBE ([^<]*)</title>", done.stdout)
    if console:
        raise SystemExit(f"{width} px: the console says {console[0]}")
    if not found:
        raise SystemExit(f"{width} px: the page did not load")
    return found.group(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--shots", type=Path, help="folder for screenshots")
    args = parser.parse_args()
    program = browser()
    text = args.report.read_text()
    expected = text.count("<figure")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        page.write_text(text.replace("</body>", PROBE + "</body>"))
        for width in (1280, 500):
            shot = args.shots and args.shots.resolve() / f"report-{width}.png"
            if shot:
                shot.parent.mkdir(parents=True, exist_ok=True)
            said = look(program, page, width, shot)
            print(f"{width} px: {said}")
            numbers = dict(part.split("=") for part in said.split())
            good = int(numbers["figures"]) == expected > 0 and numbers["flat"] == "0"
            if not (good and int(numbers["wide"]) <= 0 and int(numbers["claims"]) > 0):
                sys.exit(f"{width} px: expected {expected} figures of some size, no page wider than the window")


if __name__ == "__main__":
    main()
