"""What people decide about a request: approve, refuse, ask, extend, close, hold still; each with who may."""
