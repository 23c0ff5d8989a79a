"""Speed, as ratios against a reference that runs in the same process and minute, so that machines compare."""
