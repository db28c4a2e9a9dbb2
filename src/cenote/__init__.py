"""Cenote: uses the devices of other machines as if they were local."""

__version__ = "0.1.0"
