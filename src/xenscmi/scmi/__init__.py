"""SCMI on the wire (Arm DEN0056): bytes to values and back. No I/O, no clock, no permissions."""
