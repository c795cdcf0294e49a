"""The only code that writes: check_x() then do_x(), each with its audit entry in the same transaction."""
