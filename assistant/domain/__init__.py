"""The law and our words: no input or output, no clock, no table."""
