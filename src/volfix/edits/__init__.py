"""The operations of a fix: what each does to a file's text, and what the file means after it."""
