"""The proof before a write: the changed files, read again, mean exactly what the fixes declare."""
