"""A system that is reached by HTTP, as its map declares it; `source` is the way in, `blocks` are ready maps."""
