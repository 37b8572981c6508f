"""Pictures of results: what is to be drawn as plain data, and a child process that draws it with matplotlib.

Importing this package, its `figure` and its `client` loads no numeric library; `draw` does, and runs in the child only.
"""
