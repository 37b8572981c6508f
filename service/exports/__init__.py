"""Tables of a search to take home: trials and epochs as CSV, JSON lines and Parquet, written piece by piece."""
