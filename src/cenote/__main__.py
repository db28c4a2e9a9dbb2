"""``python -m cenote``: the same as the console script."""

from cenote.cli.main import main

main()
