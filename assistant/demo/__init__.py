"""The sample controller to try the desk with: an invented hosting company, its people, its mailbox and its clock."""
