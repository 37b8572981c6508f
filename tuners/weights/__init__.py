"""Uploaded weights: how files from strangers become files that trainers may load."""
