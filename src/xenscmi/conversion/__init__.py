"""From an older dialect to the current one: overlays, what they cannot delete, and lines of xl.cfg."""
