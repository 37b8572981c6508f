"""Tables as Parquet files, made in a child process: who asks imports neither pyarrow nor numpy."""
