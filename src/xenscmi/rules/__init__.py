"""Rules: one mistake a file, with what Xen does then and how to mend it, and the engine that runs them."""
