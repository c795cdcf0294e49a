"""What runs by itself: reminders, the end of what was kept, what was learned, keys, the clock put back."""
