"""What is wrong, why, and the fix: a module a rule, with what the rules share."""
