"""Devices under SCMI control."""
