"""The nodes of dom0less domains."""
