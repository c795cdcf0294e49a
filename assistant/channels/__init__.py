"""Ways in and out: each channel turns what it hears into Incoming, and delivers Outgoing."""
