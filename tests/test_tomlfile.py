"""Lines of keys, which Python's parser does not give."""

from __future__ import annotations

from pathlib import Path

import pytest

from cenote.tomlfile import TomlFile

TEXT = '''# comment with key = 1

key = 1
"quoted" = 2
'also quoted'   =   3
dotted.one = 4
dotted . "two" = 5
list = [
  "key", # = 1
  # [table]

  "after" ]

text = """
key = 6
[table.inner]
"""
literal = \'\'\'
inner = 1\'\'\'

inline = { inner = 7, deep.er = 8 }
after = 9
[table] # comment
key = 10

[table.inner]
key = 11
[ "odd.name" . 'x' ]

key = 12
[[many]]
key = 13
[[many]]
[empty]
'''
LINES = {
    ("key",): 3,
    ("quoted",): 4,
    ("also quoted",): 5,
    ("dotted",): 6,
    ("dotted", "one"): 6,
    ("dotted", "two"): 7,
    ("list",): 8,
    ("text",): 14,
    ("literal",): 18,
    ("inline",): 21,
    ("inline", "inner"): 21,
    ("inline", "deep", "er"): 21,
    ("after",): 22,
    ("table",): 23,
    ("table", "key"): 24,
    ("table", "inner"): 26,
    ("table", "inner", "key"): 27,
    ("odd.name",): 28,
    ("odd.name", "x"): 28,
    ("odd.name", "x", "key"): 30,
    ("many",): 31,
    ("empty",): 34,
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["unix", "dos"])
@pytest.mark.parametrize("key", LINES, ids=".".join)
def test_line_of_a_key(key: tuple[str, ...], ending: str) -> None:
    file = TomlFile.parse(Path("file"), TEXT.replace("\n", ending).encode())
    assert file.line_of(key) == LINES[key]
