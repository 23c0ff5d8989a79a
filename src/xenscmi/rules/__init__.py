"""Rules: one file for each mistake, with what Xen does and how to fix it, and the engine that runs them."""
