"""The commands. Thin: each reads its options, calls one of the rooms and shows the result."""
