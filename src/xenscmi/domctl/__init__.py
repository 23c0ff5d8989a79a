"""The binary contract with Xen: layouts as named profiles, createdomain to bytes and back."""
