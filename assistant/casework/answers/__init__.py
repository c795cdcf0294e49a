"""The honest answer and what goes with it: letters, copies, files, and whether they arrived."""
