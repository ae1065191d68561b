"""The shell: what running a text of commands runs, command by command, without running anything."""
