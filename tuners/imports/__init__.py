"""Results of other tools and of spreadsheets, read by a child process into searches that have ended."""
