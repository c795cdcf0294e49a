"""Those who work here: their sign-in, their roles, and their part in a conversation."""
