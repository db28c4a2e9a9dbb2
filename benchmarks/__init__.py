"""Figures that the README quotes, each made by one command."""
