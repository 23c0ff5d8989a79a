"""The list of agents, the container, the pages and Xen's own channel."""
