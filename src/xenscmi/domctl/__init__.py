"""The binary contract with Xen: layouts of createdomain as named profiles, and its bytes."""
