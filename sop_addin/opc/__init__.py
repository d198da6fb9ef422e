"""Office packages (Open Packaging Conventions): the zip, its XML parts and their relationships, read as if hostile.

The lowest layer: the engine of closed files, the copies for mail and every reader of a file that came by mail build on
it. It knows nothing of cells, and imports nothing from the rest of the package.
"""
