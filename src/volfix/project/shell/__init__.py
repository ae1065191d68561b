"""Interprets shell: finds which commands a text would run, one by one, without running anything."""
