"""Hostile input: for the worker's decoder, the gate, and the shim."""
