"""The child process that trains: no database, no token, no network needs; it speaks JSON lines with its worker."""
