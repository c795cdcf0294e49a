"""Uses of data that end at once, stay ended, and are put back only as far as anybody can."""
