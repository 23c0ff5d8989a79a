"""One plan, every file: the plan's schema, the allocation of numbers, and the files of a host that follow from them.

Nothing here opens a file or checks a host: files come through functions that the caller gives, and `host`, `rules` and
`simulation` read back what was written by code of their own.
"""
