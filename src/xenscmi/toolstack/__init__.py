"""Making and destroying domains in libxl's steps, on any hypervisor."""
