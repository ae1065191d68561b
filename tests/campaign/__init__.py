"""The promises under attack, for as long as somebody has: `python -m tests.campaign --minutes 60`.

The default run of the tests collects nothing here; a part's cases are functions of a seed, so that each can be made
again.
"""
