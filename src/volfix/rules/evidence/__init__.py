"""What rules ask: which data a mount holds, where a database lies, who else uses it."""
