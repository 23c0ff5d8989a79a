"""libxl's interface definition language, in which libxl_types.idl is written (tools/libs/light/idl.py).

A type is a `Struct` whose annotated fields are made by the functions of `kinds`, so the modules of types read like
libxl_types.idl.
"""
