"""A real Xen, driven from dom0 through Xen's ABI-stable libraries, and the builder of an Arm guest.

Nothing but the command line imports this room; it needs no compiler and no Xen header, only the libraries that every
dom0 with xl has.
"""
