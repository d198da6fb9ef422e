"""Worksheet functions (contract section 6), one module a topic: one line each over `sop_addin.planning.worksheet`."""
