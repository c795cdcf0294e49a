"""Any database SQLAlchemy reaches: what is there, what an order means for it, and doing it; `source` is the way in."""
