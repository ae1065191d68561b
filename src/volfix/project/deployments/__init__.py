"""Which flows of commands deploy which stack, and under which name."""
