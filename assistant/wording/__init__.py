"""How a language writes what stands inside texts, and how whole texts are read and filled in; letters, packages, pages and console use it."""
