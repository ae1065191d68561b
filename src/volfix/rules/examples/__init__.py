"""Rules' examples that are too long for the rules' modules, and files that several examples share."""
