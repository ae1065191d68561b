"""What no output may show: environment values, credentials, passwords in URLs."""
