"""Rules about what the firmware has: agents, devices and their resources."""
