"""What people and agents see in a browser: the chat widget, the console, and the API beside it."""
