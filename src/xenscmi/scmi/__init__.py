"""SCMI on the wire (Arm DEN0056): bytes to values and back. No I/O, no clock, no permissions.

- `bitfields`, `codec`: how values become bytes; `message`: requests, responses, and the tables of commands
- `header`, `status`: the message header, the protocol ids, the status codes
- `protocols`: a module per protocol, each with its `PROTOCOL`; `protocols.command` finds a command by its ids
- `shmem`: the shared-memory channel, for agent and platform
- `agent`: the agent's side; the platform's side is the room `firmware`
- `compose`, `describe`, `dump`: messages from text, messages as text, trace lines and hex dumps
"""
