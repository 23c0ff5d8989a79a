"""Creates domains in libxl's steps, on any hypervisor."""
