"""Speed, measured as ratios side by side in one run: machines are shared and noisy, ratios survive that."""
