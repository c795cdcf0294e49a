"""The turn loop: what is being asked, what is still missing, what to say next."""
