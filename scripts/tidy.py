"""Looks for likely mistakes in the C++ with clang-tidy.

A file in which nothing was found is looked at again only when it or a header that it names has changed.
"""

import hashlib
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / ".venv/bin/clang-tidy"
CLEAN = ROOT / "build/tidy"  # an empty file for each content in which nothing was found
INCLUDE_FOLDERS = ["native", "build/generated", "tests/native"]
INCLUDE = re.compile(r'^\s*#include "(.+)"', re.MULTILINE)


def content(source: Path) -> str:
    """Stands for what clang-tidy sees in the source: itself and the headers that it names."""
    found = (ROOT / folder / name for name in INCLUDE.findall(source.read_text()) for folder in INCLUDE_FOLDERS)
    digest = hashlib.sha256(CONFIGURATION)
    for file in [source, *(header for header in found if header.exists())]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def tidy(source: Path) -> bool:
    """Whether nothing was found, now or before."""
    clean = CLEAN / content(source)
    if clean.exists():
        return True
    command = [str(TOOL), "--quiet", "-p", "build", str(source)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        clean.touch()
    else:
        print(done.stdout or done.stderr, end="", flush=True)
    return done.returncode == 0


CONFIGURATION = (ROOT / ".clang-tidy").read_bytes() + subprocess.check_output([TOOL, "--version"])
CLEAN.mkdir(parents=True, exist_ok=True)
listed = subprocess.check_output(["git", "ls-files", "native/*.cpp", "tests/native/*.cpp"], cwd=ROOT, text=True)
with ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count() or 1))) as pool:
    sys.exit(not all(list(pool.map(tidy, [ROOT / name for name in listed.splitlines()]))))
