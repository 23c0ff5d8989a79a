"""Hypervisors: what a toolstack asks of one, and a model of Xen that boots a host in this process."""
