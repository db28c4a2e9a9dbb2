"""Checks what the native files of a wheel ask for and show: no newer glibc than the one named, no library that a host
may lack, and no symbol that could clash with a program's own.

symbols.py 2.28 dist/cenote-….whl
"""

from __future__ import annotations

import io
import re
import sys
import zipfile

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from elftools.elf.sections import SymbolTableSection

GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2"}
OURS = {"libcenote.so"}


def complaints(name: str, content: bytes, newest: tuple[int, ...]) -> list[str]:
    found = []
    elf = ELFFile(io.BytesIO(content))
    for section in elf.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for _, versions in section.iter_versions():
                for version in versions:
                    number = re.fullmatch(r"GLIBC_([\d.]+)", version.name)
                    if number and tuple(map(int, number[1].split("."))) > newest:
                        found.append(f"{name} needs {version.name}")
        if isinstance(section, SymbolTableSection) and section.name == ".dynsym" and ".so" in name:
            shown = [s.name for s in section.iter_symbols() if s["st_shndx"] not in ("SHN_UNDEF", "SHN_ABS")]
            found += [
                f"{name} shows {symbol}" for symbol in shown if symbol and not symbol.startswith(("cl", "cenote_"))
            ]
        if isinstance(section, DynamicSection):
            tags = [tag for tag in section.iter_tags() if tag.entry.d_tag == "DT_NEEDED"]
            needed = {tag.needed for tag in tags}
            found += [f"{name} needs {library}" for library in sorted(needed - GLIBC - OURS)]
    return found


def main() -> None:
    newest = tuple(map(int, sys.argv[1].split(".")))
    checked, found = 0, []
    for wheel in sys.argv[2:]:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                content = archive.read(name)
                if content.startswith(b"\x7fELF"):
                    checked += 1
                    found += complaints(name, content, newest)
    print("\n".join(found) or f"{checked} native files run on glibc {sys.argv[1]} and later")
    sys.exit(bool(found) or not checked)


main()
