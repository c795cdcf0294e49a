"""The sample controller to try the desk with: an invented hosting company, its people and its mailbox."""
