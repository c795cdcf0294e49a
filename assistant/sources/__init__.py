"""Where the person's data lives: each kind of system behind the one DataSource interface."""
