"""The report on an estate: one HTML page for whoever decides what to roll out, and the same as JSON and CSV.

Needs `volfix[report]`; import it where a report is asked for.
"""

from volfix.report.estate.write import write_report

__all__ = ["write_report"]
