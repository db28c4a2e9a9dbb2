"""The borrowing side: asks a server for devices and runs a program that finds them."""
