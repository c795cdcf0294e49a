"""A request from its receipt on: taken in, queued, whose it is, what was proved and found; says nothing and decides nothing."""
