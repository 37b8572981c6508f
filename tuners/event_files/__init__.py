"""TensorBoard's event files of a search, made in a child process: who asks imports neither TensorBoard nor numpy."""
