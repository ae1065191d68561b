"""Writing: all files of a stack or none, the journal of a run, and undo."""
