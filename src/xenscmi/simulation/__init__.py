"""Runs a host on the model, to see what each domain reaches."""
