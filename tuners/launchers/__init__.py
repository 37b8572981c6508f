"""What starts trainers. The worker sees only the interface in `base`."""
