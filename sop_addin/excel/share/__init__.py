"""Copies for mail: without macros, links and hidden data, protected but for the input cells of their receiver."""
