"""Examples with which the modules of rules would have more than 300 lines, and what several rules take theirs from."""
