"""A conformance suite for SCMI platforms: tests of the base and the resource protocols, written against an agent.

- `case`, `tester`: a test, and what it has in its hands; `suite` runs tests
- `common`, `resources`: what is asked of every protocol, and of every kind of resource
- a module per protocol with its own tests; `events` for what platforms send unasked, `isolation` for several agents
- `transports`: channels to a platform behind a Unix socket, or behind a running Linux

What the platform is, the suite does not know: it has an `Exchange` for each agent, which carries a message there and
brings the answer. Imports nothing of ours but `scmi` and `diagnostics`.
"""
