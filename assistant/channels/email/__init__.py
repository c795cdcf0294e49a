"""Mail as a channel: read from a listener, a pipe or a mailbox, written to a server or a folder.

Nothing is imported here, so that a mail piped in by an MTA is read without loading any of the rest.
"""
