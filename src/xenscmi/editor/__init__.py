"""The language server: what the rooms below know, in the editor's protocol. It writes no file."""
