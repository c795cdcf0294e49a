"""Where the desk keeps what it must not lose."""
