"""The fixture of the tests here."""

from tests.support.pairs import pair

__all__ = ["pair"]
