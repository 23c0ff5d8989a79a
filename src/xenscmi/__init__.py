"""xenscmi: a toolstack for SCMI multi-agent on Xen/Arm."""

__version__ = "0.1.0"
