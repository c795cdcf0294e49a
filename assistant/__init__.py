"""The privacy desk: from a person's message to an approved, carried-out, honest answer."""
