"""SCMI on the wire (Arm DEN0056): bytes to values and back. No I/O, no clock, no permissions.

- `words`, `layout`: how fields stand in bytes; `message`: requests, responses, and the tables of commands
- `header`, `status`: the message header, the status codes
- `protocols`: a module per protocol, each with its `PROTOCOL`; `protocols.command` finds a command by its ids
- `shmem`: the shared-memory channel, both sides
- `agent`: the agent's side; the platform's is the `firmware` room
- `describe`, `dump`: messages in words; trace lines and hex dumps
"""
