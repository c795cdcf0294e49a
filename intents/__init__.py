"""Reads a message: its language, the rights it uses, and the details they need."""
