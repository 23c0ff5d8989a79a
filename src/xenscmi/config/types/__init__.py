"""libxl's types of a domain configuration, with libxl's own names (tools/libs/light/libxl_types.idl).

All are immutable `Struct`s; every field has libxl's default, so that each can be made of what differs from it.
"""
