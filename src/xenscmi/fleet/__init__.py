"""Many hosts at once, and none twice: what a verdict depends on, a cache of verdicts, and workers."""
